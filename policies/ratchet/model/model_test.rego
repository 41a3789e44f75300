package ratchet.model_test

import data.ratchet.model

models := [
	{"match": "house/*", "sees": ["open", "closed"], "max_tokens": 100, "day_micro_usd": 0},
	{"match": "cheap/**", "sees": ["open"], "max_tokens": 50, "day_micro_usd": 1000},
	{"match": "cheap/better", "sees": ["closed"], "max_tokens": 500, "day_micro_usd": 100000},
]

facts := {
	"decision_id": "d", "campaign": "c", "candidate": "c-c1", "target": "matmul", "model": "cheap/one", "max_tokens": 50,
	"asked": {"micro_usd": 400, "tokens": 60}, "day": {"micro_usd": 4000, "tokens": 40}, "day_model": {"micro_usd": 600},
}

at(more) := object.union(facts, more)

decide(given) := got if {
	got := model.decision with input as given with data.ratchet.local as {}
		with data.ratchet.model.models as models
		with data.ratchet.model.targets as {"default": "open", "secret": "closed", "odd": "unheard-of"}
		with data.ratchet.budget.day as {"micro_usd": 5000, "tokens": 100, "gpu_ms": 0}
		with data.ratchet.model.levels as {"MODEL-DATA": "advisory"}
}

test_allowed[note] if {
	some note, given in {
		"a call": facts,
		"at the start": at({"candidate": "", "asked": {"micro_usd": 0, "tokens": 0}}),
		"nothing asked, nothing spent": object.union(
			object.remove(facts, {"asked", "day"}),
			{"asked": {}, "day": {}},
		),
		"of the house": at({"model": "house/m", "target": "secret", "asked": {"micro_usd": 0}, "day_model": {"micro_usd": 0}}),
		"the whole day's money of the model": at({"asked": {"micro_usd": 400}}),
		"the whole day's money": at({"day": {"micro_usd": 4600}}),
	}
	got := decide(given)
	got.allow
	got.deny == []
}

test_denied[note] if {
	some note, tc in {
		"not listed": [at({"model": "other/m"}), ["MODEL-LISTED"]],
		"a star stays between slashes": [at({"model": "house/a/b"}), ["MODEL-LISTED"]],
		"closed data": [at({"target": "secret"}), ["MODEL-DATA"]],
		"the first entry holds": [at({"model": "cheap/better", "target": "secret"}), ["MODEL-DATA"]],
		"data of an unknown class": [at({"target": "odd"}), ["MODEL-DATA"]],
		"long answer": [at({"max_tokens": 51}), ["MODEL-TOKENS"]],
		"the model's day": [at({"asked": {"micro_usd": 401}}), ["MODEL-DAY"]],
		"money where none may be": [at({"model": "house/m", "asked": {"micro_usd": 1}, "day_model": {"micro_usd": 0}}), ["MODEL-DAY"]],
		"everybody's day": [at({"day": {"micro_usd": 4601}}), ["MODEL-CEILING"]],
		"everybody's tokens": [at({"asked": {"tokens": 61}}), ["MODEL-CEILING"]],
	}
	got := decide(tc[0])
	[got.allow, sort({found.code | some found in got.deny})] == [false, tc[1]]
}

test_no_ceiling_for_what_is_not_listed if {
	got := model.decision with input as at({"day": {"tokens": 1000000000}}) with data.ratchet.local as {}
		with data.ratchet.model.models as models
		with data.ratchet.model.targets as {"default": "open"}
		with data.ratchet.budget.day as {}
		with data.ratchet.model.levels as {}
	got.allow
}

test_malformed[note] if {
	some note, given in {
		"empty": {},
		"tokens are text": at({"max_tokens": "9"}),
		"negative": at({"day_model": {"micro_usd": -1}}),
		"extra": at({"key": "x"}),
	}
	got := decide(given)
	[got.allow, [found.code | some found in got.deny]] == [false, ["INPUT"]]
}

test_no_input_no_permission if {
	got := model.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_not_proven[note] if {
	some note, given in {
		"listed": at({"model": "other/m"}),
		"data": at({"target": "secret"}),
		"model's day": at({"asked": {"micro_usd": 1001}}),
		"everybody's day": at({"day": {"tokens": 101}}),
	}
	got := model.decision with input as given with data.ratchet.local as {}
		with data.ratchet.model.models as models
		with data.ratchet.model.targets as {"default": "open", "secret": "closed"}
		with data.ratchet.budget.day as {"micro_usd": 100000, "tokens": 100}
		with data.ratchet.model.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
}

test_emptied_data_opens_nothing[note] if {
	some note, emptied in {"none": [], "no terms": [{"match": "**"}]}
	got := model.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.model.models as emptied
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := model.decision with input as facts
		with data.ratchet.local as {"model": {"deny": {"It is Sunday."}}}
	not got.allow
	"It is Sunday." in {found.msg | some found in got.deny}
}
