package ratchet.override_test

import data.ratchet.override

given := {
	"by": "ben", "started_by": "ann", "verified": true, "reason": "a reason long enough", "candidate": "c-c1",
	"codes": ["EDIT-SIZE", "EDIT-KIND"], "lasts_seconds": 100, "left_seconds": 1,
}

size := {"code": "EDIT-SIZE", "level": "soft-mandatory"}

facts := {
	"decision_id": "d", "campaign": "c", "candidate": "c-c1", "action": "override", "given": given, "blocking": [size],
	"hold": {"approvals": 1, "roles": ["reviewer"], "lives_seconds": 50},
	"escalation": {"approvals": 0, "role": "", "prolong_seconds": 0}, "replaced_seconds_ago": null,
}

with_given(more) := object.union(facts, {"given": object.union(given, more)})

escalate(more) := object.union(facts, {"action": "escalate", "escalation": object.union(facts.escalation, more)})

restore(more, ago) := object.union(with_given(more), {"action": "restore", "candidate": "", "replaced_seconds_ago": ago})

nobody := {
	"by": "", "started_by": "", "verified": false, "reason": "", "candidate": "", "codes": [], "lasts_seconds": 0,
	"left_seconds": 0,
}

roles := {"override": ["admin"], "restore": ["admin"], "escalate": [], "reject": ["reviewer"]}

decide(asked) := got if {
	got := override.decision with input as asked with data.ratchet.local as {}
		with data.ratchet.people.roles as {"admin": ["ben", "Ann", "ann"], "reviewer": ["ben", "rob"], "empty": []}
		with data.ratchet.override.roles as roles
		with data.ratchet.override.reason_length as 20
		with data.ratchet.override.most_seconds as 100
		with data.ratchet.override.undo_seconds as 60
		with data.ratchet.override.escalation as {"most_approvals": 3, "most_seconds": 80}
		with data.ratchet.override.levels as {}
}

test_allowed[note] if {
	some note, asked in {
		"override": facts,
		"override of two": object.union(facts, {"blocking": [size, {"code": "EDIT-KIND", "level": "soft-mandatory"}]}),
		"more approvals": escalate({"approvals": 2}),
		"as many as there may be": escalate({"approvals": 3}),
		"another role": escalate({"role": "admin"}),
		"more time": escalate({"prolong_seconds": 30}),
		"more approvals for a hold with a long life": object.union(
			escalate({"approvals": 2}),
			{"hold": {"approvals": 1, "roles": [], "lives_seconds": 1000}},
		),
		"escalated by the starter": object.union(escalate({"approvals": 2}), {"given": object.union(given, {"by": "ann"})}),
		"reject": object.union(facts, {"action": "reject"}),
		"a short reject without an end": object.union(
			with_given({"reason": "no", "lasts_seconds": 0, "left_seconds": 0}),
			{"action": "reject"},
		),
		"restore": restore({"candidate": ""}, 1000),
		"restore what was never in force for long": restore(nobody, 60),
	}
	got := decide(asked)
	got.allow
	got.deny == []
}

test_denied[note] if {
	some note, tc in {
		"not signed": [with_given({"verified": false}), ["OVERRIDE-UNSIGNED"]],
		"the starter": [with_given({"by": "ann"}), ["OVERRIDE-SECOND"]],
		"the starter in capitals": [with_given({"by": "Ann"}), ["OVERRIDE-SECOND"]],
		"nobody started it": [with_given({"started_by": " "}), ["OVERRIDE-SECOND"]],
		"nobody": [with_given({"by": " "}), ["OVERRIDE-ROLE", "OVERRIDE-SECOND"]],
		"without the role": [with_given({"by": "rob"}), ["OVERRIDE-ROLE"]],
		"short reason": [with_given({"reason": "a reason that is no "}), ["OVERRIDE-REASON"]],
		"too long": [with_given({"lasts_seconds": 101}), ["OVERRIDE-EXPIRY"]],
		"over": [with_given({"left_seconds": 0}), ["OVERRIDE-EXPIRY"]],
		"another candidate": [with_given({"candidate": "c-c2"}), ["OVERRIDE-SCOPE"]],
		"no candidate": [object.union(with_given({"candidate": ""}), {"candidate": ""}), ["OVERRIDE-SCOPE"]],
		"hard": [
			object.union(facts, {"blocking": [size, {"code": "EDIT-KIND", "level": "hard-mandatory"}]}),
			["OVERRIDE-HARD"],
		],
		"not named": [with_given({"codes": ["EDIT-KIND"]}), ["OVERRIDE-HARD"]],
		"nothing blocks": [object.union(facts, {"blocking": []}), ["OVERRIDE-HARD"]],
		"escalation to nothing": [escalate({}), ["OVERRIDE-TERMS"]],
		"to as many": [escalate({"approvals": 1}), ["OVERRIDE-TERMS"]],
		"to the same role": [escalate({"role": "reviewer"}), ["OVERRIDE-TERMS"]],
		"to too many": [escalate({"approvals": 4}), ["OVERRIDE-TERMS"]],
		"to a role that nobody has": [escalate({"role": "empty"}), ["OVERRIDE-TERMS"]],
		"to an unknown role": [escalate({"role": "judge"}), ["OVERRIDE-TERMS"]],
		"for too long": [escalate({"prolong_seconds": 31}), ["OVERRIDE-TERMS"]],
		"rejected without signature": [
			object.union(with_given({"verified": false}), {"action": "reject"}),
			["OVERRIDE-UNSIGNED"],
		],
		"rejected without the role": [object.union(with_given({"by": "ann"}), {"action": "reject"}), ["OVERRIDE-ROLE"]],
		"restored unsigned": [restore({"verified": false}, 61), ["OVERRIDE-UNSIGNED"]],
		"restored by nobody": [restore(nobody, 61), ["OVERRIDE-EXPIRY", "OVERRIDE-REASON", "OVERRIDE-ROLE", "OVERRIDE-UNSIGNED"]],
		"restored without the role": [restore({"by": "rob"}, 61), ["OVERRIDE-ROLE"]],
		"restored without a reason": [restore({"reason": "x"}, 61), ["OVERRIDE-REASON"]],
		"restored too late": [restore({"left_seconds": 0}, 61), ["OVERRIDE-EXPIRY"]],
	}
	got := decide(tc[0])
	[got.allow, sort({found.code | some found in got.deny})] == [false, tc[1]]
}

test_malformed[note] if {
	some note, asked in {
		"empty": {},
		"action": object.union(facts, {"action": "approve"}),
		"verified is text": with_given({"verified": "yes"}),
		"extra": object.union(facts, {"override": true}),
	}
	got := decide(asked)
	[got.allow, [found.code | some found in got.deny]] == [false, ["INPUT"]]
}

test_no_input_no_permission if {
	got := override.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_not_proven[note] if {
	some note, asked in {
		"signature": with_given({"verified": false}),
		"starter": with_given({"by": "ann"}),
		"role": with_given({"by": "rob"}),
		"reason": with_given({"reason": "short"}),
		"end": with_given({"left_seconds": 0}),
		"candidate": with_given({"candidate": "x"}),
		"hard": object.union(facts, {"blocking": [{"code": "EDIT-SIZE", "level": "hard-mandatory"}]}),
		"escalation": escalate({}),
		"older": restore(nobody, 61),
	}
	got := override.decision with input as asked with data.ratchet.local as {}
		with data.ratchet.people.roles as {"admin": ["ben", "ann"]}
		with data.ratchet.override.roles as roles
		with data.ratchet.override.undo_seconds as 60
		with data.ratchet.override.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
}

test_emptied_data_opens_nothing if {
	got := override.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.people.roles as {}
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := override.decision with input as facts
		with data.ratchet.local as {"override": {"deny": {"It is Sunday."}}}
	not got.allow
	"It is Sunday." in {found.msg | some found in got.deny}
}
