package ratchet.budget_test

import data.ratchet.budget

campaign := {
	"default": {"micro_usd": 50, "tokens": 500, "cpu_ms": 5, "gpu_ms": 0, "wall_ms": 5, "candidates": 9, "sealed_queries": 3},
	"ceiling": {"micro_usd": 100, "tokens": 1000, "cpu_ms": 9, "gpu_ms": 0, "wall_ms": 9, "candidates": 9, "sealed_queries": 9},
}

facts := {
	"decision_id": "d", "campaign": "c", "action": "candidate", "target": "matmul", "model": "ratchet/tuner",
	"asked": {"micro_usd": 10},
	"accounts": {"micro_usd": {"cap": 50, "spent": 20, "reserved": 20}},
	"day": {"micro_usd": 30}, "by": "",
}

start := object.union(facts, {"action": "start", "asked": {"micro_usd": 100}, "accounts": {}})

extend := object.union(facts, {"action": "extend", "asked": {"micro_usd": 50}, "by": "ann"})

decide(given) := got if {
	got := budget.decision with input as given with data.ratchet.local as {}
		with data.ratchet.budget.campaign as campaign
		with data.ratchet.budget.day as {"micro_usd": 100}
		with data.ratchet.budget.in_flight as 4
		with data.ratchet.budget.low_share as 0.8
		with data.ratchet.budget.blocking as ["runc"]
		with data.ratchet.budget.models as ["ratchet/**", "openai/gpt-*"]
		with data.ratchet.budget.extend_by as ["ann", "ben"]
		with data.ratchet.budget.levels as {"BUDGET-LOW": "advisory"}
		with data.ratchet.stop.defaults as {"patience": 7}
}

verdict(given) := [got.allow, [found.code | some found in got.deny]] if got := decide(given)

test_allowed[note] if {
	some note, given in {
		"candidate": facts,
		"sealed": object.union(facts, {"action": "sealed"}),
		"start": start,
		"start with nothing asked": object.union(start, {"asked": {"micro_usd": 0}}),
		"extend": extend,
		"nothing asked": object.union(object.remove(facts, {"asked"}), {"asked": {}}),
		"day just full": object.union(facts, {"day": {"micro_usd": 90}}),
		"day of an account without a ceiling": object.union(facts, {"day": {"tokens": 1000000}}),
		"other model": object.union(facts, {"model": "openai/gpt-x"}),
		"in flight": object.union(start, {"in_flight": 4}),
		"weakness that data accepts": object.union(start, {"weaknesses": [{"check": "gVisor", "found": "none"}]}),
		"weakness found later": object.union(facts, {"weaknesses": [{"check": "runc", "found": "old"}]}),
		"in flight, asked elsewhere": object.union(facts, {"in_flight": 99}),
		"extend although the day is full": object.union(extend, {"day": {"micro_usd": 1000}}),
		"sealed with any model": object.union(facts, {"action": "sealed", "model": "unknown"}),
	}
	verdict(given) == [true, []]
}

test_denied[note] if {
	some note, tc in {
		"above the cap": [object.union(facts, {"asked": {"micro_usd": 11}}), ["BUDGET-ACCOUNT"]],
		"above the cap, sealed": [object.union(facts, {"action": "sealed", "asked": {"micro_usd": 11}}), ["BUDGET-ACCOUNT"]],
		"no such account": [object.union(facts, {"asked": {"tokens": 1}}), ["BUDGET-ACCOUNT"]],
		"cap above the ceiling": [object.union(start, {"asked": {"micro_usd": 101}}), ["BUDGET-CEILING"]],
		"extended above the ceiling": [object.union(extend, {"asked": {"micro_usd": 51}}), ["BUDGET-CEILING"]],
		"extended without an account": [object.union(extend, {"asked": {"tokens": 1}}), ["BUDGET-CEILING"]],
		"day": [object.union(facts, {"day": {"micro_usd": 91}}), ["BUDGET-DAY"]],
		"day, at the start": [object.union(start, {"day": {"micro_usd": 101}}), ["BUDGET-DAY"]],
		"nobody extends": [object.union(extend, {"by": " "}), ["BUDGET-PERSON", "BUDGET-WHO"]],
		"somebody extends": [object.union(extend, {"by": "eve"}), ["BUDGET-WHO"]],
		"model": [object.union(facts, {"model": "evil/model"}), ["BUDGET-MODEL"]],
		"model, at the start": [object.union(start, {"model": "openai/x/gpt-1"}), ["BUDGET-MODEL"]],
		"in flight": [object.union(start, {"in_flight": 5}), ["BUDGET-IN-FLIGHT"]],
		"weakness that blocks": [
			object.union(start, {"weaknesses": [{"check": "gVisor", "found": "none"}, {"check": "runc", "found": "old"}]}),
			["BUDGET-MACHINE"],
		],
	}
	verdict(tc[0]) == [false, tc[1]]
}

test_the_start_says_what_to_use if {
	got := decide(start).require
	got == {"caps": object.union(campaign["default"], {"micro_usd": 100}), "in_flight": 4, "patience": 7}
}

test_other_actions_require_nothing if decide(facts).require == {}

test_anybody_who_is_named_may_extend_when_nobody_is_listed if {
	got := budget.decision with input as object.union(extend, {"by": "eve"}) with data.ratchet.local as {}
		with data.ratchet.budget.campaign as campaign
		with data.ratchet.budget.day as {}
		with data.ratchet.budget.extend_by as []
		with data.ratchet.budget.levels as {}
	got.allow
}

low(given) := [found.code | some found in decide(given).warn]

test_nearly_used_up[note] if {
	some note, tc in {
		"at the share": [{"cap": 100, "spent": 80, "reserved": 0}, []],
		"above": [{"cap": 100, "spent": 81, "reserved": 0}, ["BUDGET-LOW"]],
		"no cap": [{"cap": 0, "spent": 0, "reserved": 0}, []],
		"no cap, yet spent": [{"cap": 0, "spent": 1, "reserved": 0}, ["BUDGET-LOW"]],
	}
	low(object.union(facts, {"asked": {"micro_usd": 0}, "accounts": {"micro_usd": tc[0]}})) == tc[1]
}

test_only_candidates_warn if {
	low(object.union(start, {"accounts": {"micro_usd": {"cap": 100, "spent": 99, "reserved": 0}}})) == []
}

test_malformed[note] if {
	some note, given in {
		"empty": {},
		"unknown action": object.union(facts, {"action": "spend"}),
		"unknown account": object.union(facts, {"asked": {"dollars": 1}}),
		"negative": object.union(facts, {"asked": {"micro_usd": -1}}),
		"text": object.union(facts, {"asked": {"micro_usd": "1"}}),
	}
	verdict(given) == [false, ["INPUT"]]
}

test_no_input_no_permission if {
	got := budget.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_not_proven[note] if {
	some note, given in {
		"caps": object.union(facts, {"asked": {"micro_usd": 11}}),
		"ceiling": object.union(start, {"asked": {"micro_usd": 101}}),
		"day": object.union(facts, {"day": {"micro_usd": 91}}),
		"person": object.union(extend, {"by": " "}),
	}
	got := budget.decision with input as given with data.ratchet.local as {}
		with data.ratchet.budget.campaign as campaign
		with data.ratchet.budget.day as {"micro_usd": 100}
		with data.ratchet.budget.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
}

test_emptied_data_opens_nothing if {
	got := budget.decision with input as start with data.ratchet.local as {}
		with data.ratchet.budget.campaign as {"default": {}, "ceiling": {}}
		with data.ratchet.budget.day as {}
		with data.ratchet.budget.models as []
		with data.ratchet.budget.levels as {}
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := budget.decision with input as start
		with data.ratchet.local as {"budget": {"deny": {"It is Sunday."}}}
	not got.allow
	"It is Sunday." in {found.msg | some found in got.deny}
}
