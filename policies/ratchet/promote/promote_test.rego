package ratchet.promote_test

import data.ratchet.promote

terms := {"approvals": 0, "expires_seconds": 60, "min_gain": 0.1, "min_pairs": 5, "min_rounds": 2}

kinds := {"kernel": terms, "genome": object.union(terms, {"approvals": 2, "expires_seconds": 90})}

facts := {
	"decision_id": "d", "campaign": "c", "candidate": "c-c1",
	"target": {"name": "matmul", "kind": "kernel", "integrity": "isolated"},
	"evidence": {
		"verdict": "accepted", "gain": 0.5, "low": 0.4, "high": 0.6, "pairs": 5,
		"e_value": 20, "threshold": 20, "manifest_intact": true,
	},
	"sealed": {"status": "done", "gain": 0.5, "low": 0.3, "high": 0.6, "rounds": 2},
	"approvals": [], "escalations": [], "started_by": "ann",
}

genome(approvals) := object.union(facts, {"target": {"kind": "genome"}, "approvals": approvals})

yes(name) := {"by": name, "verified": true}

roles := {"reviewer": ["ann", "ben", "cat", "dan", " "], "owner": ["cat", "dan"], "nobody": []}

more(approvals, role) := {"by": "eve", "verified": true, "approvals": approvals, "role": role}

escalated(given, escalations) := object.union(given, {"escalations": escalations})

evidence(more) := object.union(facts, {"evidence": more})

sealed(more) := object.union(facts, {"sealed": more})

pending := sealed({"status": "pending", "gain": null, "low": null, "high": null, "rounds": 0})

decide(given) := got if {
	got := promote.decision with input as given with data.ratchet.local as {}
		with data.ratchet.promote.kinds as kinds
		with data.ratchet.promote.cohabiting_approvals as 1
		with data.ratchet.promote.roles as ["reviewer"]
		with data.ratchet.people.roles as roles
		with data.ratchet.override.roles as object.union(data.ratchet.override.roles, {"escalate": []})
		with data.ratchet.override.escalation as {"most_approvals": 3, "most_seconds": 9}
		with data.ratchet.promote.levels as {}
}

verdict(given) := [got.allow, [found.code | some found in got.deny]] if got := decide(given)

test_allowed[note] if {
	some note, given in {
		"kernel": facts,
		"may be measured on the sealed cases": pending,
		"genome with two": genome([yes("ben"), yes("cat")]),
		"more than enough": genome([yes("ben"), yes("cat"), yes("dan")]),
		"one of several does not count": genome([yes("ben"), yes("ann"), yes("cat")]),
		"cohabiting with one": object.union(facts, {"target": {"integrity": "cohabiting"}, "approvals": [yes("ben")]}),
		"an escalation that is met": escalated(genome([yes("ben"), yes("cat"), yes("dan")]), [more(3, "")]),
		"an escalation to a role that is met": escalated(genome([yes("cat"), yes("dan")]), [more(0, "owner")]),
		"an escalation that was not signed": escalated(facts, [object.union(more(2, ""), {"verified": false})]),
		"an escalation beyond the bound": escalated(facts, [more(4, "")]),
		"an escalation to less": escalated(facts, [more(0, "")]),
		"smallest gain": evidence({"gain": 0.1, "low": 0.01}),
	}
	got := decide(given)
	got.allow
	got.deny == []
	got.require == {}
}

test_hold[note] if {
	some note, tc in {
		"genome": [genome([]), 2, 0, 90],
		"one of two": [genome([yes("ben")]), 2, 1, 90],
		"one person twice": [genome([yes("ben"), yes("ben")]), 2, 1, 90],
		"the starter": [genome([yes("ben"), yes("ann")]), 2, 1, 90],
		"not verified": [genome([yes("ben"), object.union(yes("cat"), {"verified": false})]), 2, 1, 90],
		"without the role": [genome([yes("ben"), yes("eve")]), 2, 1, 90],
		"escalated": [escalated(genome([yes("ben"), yes("cat")]), [more(3, "")]), 3, 2, 90],
		"escalated where nobody was asked": [escalated(facts, [more(1, "")]), 1, 0, 60],
		"nameless": [genome([yes("ben"), yes(" ")]), 2, 1, 90],
		"cohabiting": [object.union(facts, {"target": {"integrity": "cohabiting"}}), 1, 0, 60],
		"cohabiting genome": [object.union(genome([yes("ben")]), {"target": {"integrity": "cohabiting"}}), 2, 1, 90],
		"before the sealed cases": [object.union(pending, {"target": {"kind": "genome"}}), 2, 0, 90],
	}
	got := decide(tc[0])
	not got.allow
	got.deny == []
	got.require == {
		"approvals": tc[1], "given": tc[2], "signers": array.slice(["ben", "cat"], 0, tc[2]),
		"roles": ["reviewer"], "expires_seconds": tc[3],
	}
}

test_an_escalation_to_a_role[note] if {
	some note, tc in {
		"one of them has it": [[more(0, "owner")], ["cat"], ["owner", "reviewer"]],
		"nobody has it": [[more(0, "nobody")], [], ["nobody", "reviewer"]],
		"all roles are needed": [[more(0, "owner"), more(2, "nobody")], [], ["nobody", "owner", "reviewer"]],
	}
	got := decide(escalated(genome([yes("ben"), yes("cat")]), tc[0]))
	not got.allow
	got.deny == []
	[got.require.signers, got.require.given, got.require.roles] == [tc[1], count(tc[1]), tc[2]]
}

test_who_may_escalate if {
	given := escalated(facts, [more(2, "")])
	got := promote.decision with input as given with data.ratchet.local as {}
		with data.ratchet.promote.kinds as kinds
		with data.ratchet.promote.roles as []
		with data.ratchet.promote.levels as {}
		with data.ratchet.people.roles as roles
		with data.ratchet.override.roles as object.union(data.ratchet.override.roles, {"escalate": ["owner"]})
	got.allow
}

test_denied[note] if {
	some note, tc in {
		"unknown kind": [object.union(facts, {"target": {"kind": "car"}}), ["PROMOTE-EVIDENCE", "PROMOTE-KIND"]],
		"failed": [evidence({"verdict": "failed:slow"}), ["PROMOTE-VERDICT"]],
		"quarantined": [evidence({"verdict": "quarantined:x"}), ["PROMOTE-VERDICT"]],
		"manifest": [evidence({"manifest_intact": false}), ["PROMOTE-MANIFEST"]],
		"interval reaches zero": [evidence({"low": 0}), ["PROMOTE-GAIN"]],
		"no interval": [evidence({"low": null}), ["PROMOTE-GAIN"]],
		"no gain": [evidence({"gain": null}), ["PROMOTE-GAIN"]],
		"gain below its interval": [evidence({"gain": 0.2}), ["PROMOTE-GAIN"]],
		"small gain": [evidence({"gain": 0.09, "low": 0.01}), ["PROMOTE-SMALL"]],
		"small gain on the sealed cases": [sealed({"gain": 0.09, "low": 0.01}), ["PROMOTE-SMALL"]],
		"few pairs": [evidence({"pairs": 4}), ["PROMOTE-EVIDENCE"]],
		"undecided": [evidence({"e_value": 19.9}), ["PROMOTE-EVIDENCE"]],
		"no e-value": [evidence({"e_value": null}), ["PROMOTE-EVIDENCE"]],
		"no threshold": [evidence({"threshold": null}), ["PROMOTE-EVIDENCE"]],
		"not better on the sealed cases": [sealed({"low": 0}), ["PROMOTE-SEALED"]],
		"not measured on the sealed cases": [sealed({"gain": null, "low": null}), ["PROMOTE-SEALED"]],
		"few rounds": [sealed({"rounds": 1}), ["PROMOTE-ROUNDS"]],
		"denied although people are missing": [
			object.union(genome([]), {"evidence": {"verdict": "failed:slow"}}),
			["PROMOTE-VERDICT"],
		],
	}
	verdict(tc[0]) == [false, tc[1]]
}

test_any_role_counts_when_none_is_listed if {
	got := promote.decision with input as genome([yes("ben"), yes("cat")]) with data.ratchet.local as {}
		with data.ratchet.promote.kinds as kinds
		with data.ratchet.promote.roles as []
		with data.ratchet.promote.levels as {}
	got.allow
}

test_malformed[note] if {
	some note, given in {
		"empty": {},
		"verified is text": genome([object.union(yes("ben"), {"verified": "yes"})]),
		"intact is text": evidence({"manifest_intact": "true"}),
		"gain is text": evidence({"gain": "9"}),
		"status": sealed({"status": "skipped"}),
		"integrity": object.union(facts, {"target": {"integrity": "trusted"}}),
		"extra": object.union(facts, {"override": true}),
		"a role of one's own": genome([object.union(yes("ben"), {"role": "reviewer"})]),
		"no escalations": object.remove(facts, {"escalations"}),
	}
	verdict(given) == [false, ["INPUT"]]
}

test_no_input_no_permission if {
	got := promote.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_not_proven[note] if {
	some note, given in {
		"verdict": evidence({"verdict": "failed:slow"}),
		"manifest": evidence({"manifest_intact": false}),
		"gain": evidence({"low": 0}),
		"sealed": sealed({"low": 0}),
		"kind": object.union(facts, {"target": {"kind": "car"}}),
	}
	got := promote.decision with input as given with data.ratchet.local as {}
		with data.ratchet.promote.kinds as kinds
		with data.ratchet.promote.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
}

test_emptied_data_opens_nothing if {
	got := promote.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.promote.kinds as {}
		with data.ratchet.promote.levels as {}
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := promote.decision with input as facts
		with data.ratchet.local as {"promote": {"deny": {"It is Sunday."}}}
	not got.allow
	"It is Sunday." in {found.msg | some found in got.deny}
}
