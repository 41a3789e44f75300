package ratchet.lib_test

import data.ratchet.lib

settled := {"findings": set(), "needs": {"a"}, "proven": {"a"}, "require": {}, "hold": false}

finding(level) := {"code": "X", "title": "t", "msg": "m", "path": "", "remedy": "r", "level": level}

test_proven_is_allowed if {
	got := lib.decision(settled) with input as {"decision_id": "d"} with data.ratchet.revision as "r1"
	got == {
		"schema": 1, "allow": true, "deny": [], "warn": [], "require": {},
		"decision_id": "d", "revision": "r1",
	}
}

test_not_proven_is_denied_and_says_what if {
	got := lib.decision(object.union(settled, {"proven": set()})) with input as {"decision_id": "d"}
	not got.allow
	[found.code | some found in got.deny] == ["UNPROVEN"]
	contains(got.deny[0].msg, "a")
}

test_nothing_needed_is_not_allowed if {
	facts := object.union(settled, {"needs": set(), "proven": set()})
	not lib.decision(facts).allow with input as {"decision_id": "d"}
}

test_more_proven_than_needed_is_not_allowed if {
	facts := object.union(settled, {"proven": {"a", "b"}})
	not lib.decision(facts).allow with input as {"decision_id": "d"}
}

test_hold_is_neither if {
	got := lib.decision(object.union(settled, {"hold": true})) with input as {"decision_id": "d"}
	not got.allow
	got.deny == []
}

test_levels[level] if {
	some level, expected in {
		"advisory": [true, 0, 1],
		"dry-run": [true, 0, 1],
		"soft-mandatory": [false, 1, 0],
		"hard-mandatory": [false, 1, 0],
	}
	got := lib.decision(object.union(settled, {"findings": {finding(level)}})) with input as {"decision_id": "d"}
	[got.allow, count(got.deny), count(got.warn)] == expected
}

test_a_finding_of_unknown_level_is_not_allowed if {
	not lib.decision(object.union(settled, {"findings": {finding("whatever")}})).allow with input as {"decision_id": "d"}
}

test_level_of_a_rule[note] if {
	some note, tc in {
		"from data": [{"code": "X"}, {"X": "advisory"}, "advisory"],
		"not listed": [{"code": "X"}, {"Y": "advisory"}, "hard-mandatory"],
		"unknown word": [{"code": "X"}, {"X": "warn"}, "hard-mandatory"],
		"no code": [{}, {"X": "advisory"}, "hard-mandatory"],
		"levels of a wrong type": [{"code": "X"}, "advisory", "hard-mandatory"],
		"fixed": [{"code": "X", "fixed": true}, {"X": "advisory"}, "hard-mandatory"],
		"fixed is false": [{"code": "X", "fixed": false}, {"X": "dry-run"}, "dry-run"],
	}
	lib.level(tc[0], tc[1]) == tc[2]
}

test_a_finding_is_made_from_any_annotation if {
	lib.finding({}, {}, "p", "m") == {
		"code": "UNNAMED", "title": "", "msg": "m", "path": "p", "remedy": "",
		"level": "hard-mandatory",
	}
}

test_a_finding_carries_its_annotation if {
	rule := {"title": "t", "custom": {"code": "X", "remedy": "r"}}
	lib.finding(rule, {"X": "soft-mandatory"}, "p", "m") == {
		"code": "X", "title": "t", "msg": "m", "path": "p", "remedy": "r",
		"level": "soft-mandatory",
	}
}

test_within[note] if {
	some note, tc in {
		"less": [1, 2, true],
		"equal": [2, 2, true],
		"more": [3, 2, false],
		"limit is text": [1, "2", false],
		"limit is null": [1, null, false],
		"value is null": [null, 2, false],
		"value is true": [true, 2, false],
	}
	within(tc[0], tc[1]) == tc[2]
}

default within(_, _) := false

within(value, limit) if lib.within(value, limit)

test_globs[note] if {
	some note, tc in {
		"in the folder": [["src/*"], "src/a.c", true],
		"star stays": [["src/*"], "src/x/a.c", false],
		"two stars cross": [["src/**"], "src/x/a.c", true],
		"at the top too": [["**/LICENSE"], "LICENSE", true],
		"and below": [["**/LICENSE"], "a/b/LICENSE", true],
		"none": [[], "a", false],
		"not a list": [null, "a", false],
		"second of two": [["x", "a"], "a", true],
	}
	matches(tc[0], tc[1]) == tc[2]
}

default matches(_, _) := false

matches(globs, path) if lib.matches_any(globs, path)

test_rules_of_one_s_own[note] if {
	some note, tc in {
		"a whole finding": [finding("advisory"), ["X", "m", "advisory"]],
		"with a word": [object.union(finding("advisory"), {"word": "w"}), ["X", "m", "advisory"]],
		"text": ["It is Sunday.", ["LOCAL", "It is Sunday.", "hard-mandatory"]],
		"too little": [{"msg": "m"}, ["LOCAL", odd, "hard-mandatory"]],
		"too much": [object.union(finding("advisory"), {"more": "x"}), ["LOCAL", odd, "hard-mandatory"]],
		"unknown level": [finding("whatever"), ["LOCAL", odd, "hard-mandatory"]],
		"no code": [object.union(finding("advisory"), {"code": ""}), ["LOCAL", odd, "hard-mandatory"]],
		"no text": [object.union(finding("advisory"), {"msg": 1}), ["LOCAL", odd, "hard-mandatory"]],
		"a number": [1, ["LOCAL", odd, "hard-mandatory"]],
	}
	some got in lib.local({tc[0]})
	[got.code, got.msg, got.level] == tc[1]
}

odd := "A rule in ratchet/local found something that is no text and no finding."

test_errors_without_a_schema if count(lib.errors({}, null)) == 1

test_errors_of_a_document if {
	schema := {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}
	lib.errors({"a": "x"}, schema) == set()
	count(lib.errors({"a": 1}, schema)) == 1
	count(lib.errors({}, schema)) == 1
}

test_malformed_is_a_denial if {
	got := lib.malformed({"what"}) with input as {"decision_id": "d"}
	not got.allow
	got.deny[0].code == "INPUT"
	got.decision_id == "d"
}

test_malformed_without_an_id if {
	lib.malformed({"what"}).decision_id == "" with input as {}
}

test_revision_of_an_unbuilt_folder if lib.revision == "unbuilt"

test_data_of_a_wrong_type_is_named if {
	problems := lib.data_problems with data.ratchet.edit.limits as {"files": "many", "bytes": 1, "lines": 1, "file_bytes": 1}
	count(problems) == 1
	some problem in problems
	startswith(problem, "ratchet/edit/data.yaml: ")
	contains(problem, "files")
}

test_a_misspelt_limit_is_named if {
	problems := lib.data_problems with data.ratchet.edit.limits as {"flies": 1, "files": 1, "bytes": 1, "lines": 1, "file_bytes": 1}
	count(problems) == 1
}

test_the_data_as_it_lies_is_well_typed if lib.data_problems == set()

# Overrides.

override := {
	"by": "ben", "started_by": "ann", "verified": true, "reason": "a reason long enough", "candidate": "c-c1",
	"codes": ["X"], "lasts_seconds": 100, "left_seconds": 1,
}

judged(level, more, waiting) := got if {
	got := lib.decision(object.union(settled, {"findings": {finding(level)}, "require": {"a": 1}})) with input as object.union(
		{
			"decision_id": "d",
			"candidate": "c-c1",
			"waiting": waiting,
			"overrides": [object.union(override, more)],
		},
		{},
	)
		with data.ratchet.people.roles as {"admin": ["ben", "ann"], "none": []}
		with data.ratchet.override.roles as {"override": ["admin"]}
		with data.ratchet.override.most_seconds as 100
		with data.ratchet.override.wait_seconds as 60
		with data.ratchet.override.most_waiting as 2
}

test_a_sound_override_lifts_a_soft_finding if {
	got := judged("soft-mandatory", {}, 0)
	got.allow
	got.deny == []
	[found.level | some found in got.warn] == ["soft-mandatory"]
	got.require == {"a": 1}
}

test_nothing_lifts_a_hard_finding if {
	got := judged("hard-mandatory", {}, 0)
	not got.allow
	count(got.deny) == 1
	got.require == {"a": 1}
}

test_an_unsound_override_lifts_nothing[note] if {
	some note, more in {
		"not signed": {"verified": false},
		"the starter": {"by": "ann"},
		"nobody started it": {"started_by": ""},
		"without the role": {"by": "eve"},
		"short reason": {"reason": "because"},
		"too long": {"lasts_seconds": 101},
		"over": {"left_seconds": 0},
		"another candidate": {"candidate": "c-c2"},
		"another code": {"codes": ["Y"]},
	}
	got := judged("soft-mandatory", more, 0)
	not got.allow
	count(got.deny) == 1
	got.require == {"a": 1, "override": {"codes": ["X"], "wait_seconds": 60}}
}

test_it_waits_only_where_somebody_could_override[note] if {
	some note, tc in {
		"one more may wait": [{"waiting": 1}, {}, ["admin"], {finding("soft-mandatory")}, true],
		"too many wait": [{"waiting": 2}, {}, ["admin"], {finding("soft-mandatory")}, false],
		"nobody counts": [{}, {}, ["admin"], {finding("soft-mandatory")}, false],
		"no candidate": [{"waiting": 0, "candidate": ""}, {}, ["admin"], {finding("soft-mandatory")}, false],
		"nobody has the role": [{"waiting": 0}, {}, ["none"], {finding("soft-mandatory")}, false],
		"unknown role": [{"waiting": 0}, {}, ["else"], {finding("soft-mandatory")}, false],
		"not proven": [{"waiting": 0}, {"proven": set()}, ["admin"], {finding("soft-mandatory")}, false],
		"also hard": [
			{"waiting": 0}, {}, ["admin"],
			{finding("soft-mandatory"), object.union(finding("hard-mandatory"), {"code": "Y"})}, false,
		],
		"nothing blocks": [{"waiting": 0}, {}, ["admin"], {finding("advisory")}, false],
	}
	got := lib.decision(object.union(settled, object.union({"findings": tc[3]}, tc[1]))) with input as object.union({"decision_id": "d", "candidate": "c-c1"}, tc[0])
		with data.ratchet.people.roles as {"admin": ["ben"], "none": []}
		with data.ratchet.override.roles as {"override": tc[2]}
		with data.ratchet.override.most_waiting as 2
	waits(got) == tc[4]
}

default waits(_) := false

waits(got) if got.require.override.wait_seconds >= 0

test_roles[note] if {
	some note, tc in {
		"none asked for": ["eve", [], true],
		"none asked of nobody": [" ", [], false],
		"has it": ["ben", ["admin"], true],
		"has one of two": ["ben", ["none", "admin"], true],
		"has it not": ["eve", ["admin"], false],
		"nobody has it": [" ", ["odd"], false],
		"unknown": ["ben", ["else"], false],
	}
	has_role(tc[0], tc[1]) == tc[2]
}

default has_role(_, _) := false

has_role(by, roles) if {
	lib.has_role(by, roles) with data.ratchet.people.roles as {"admin": ["ben"], "none": [], "odd": [" "]}
}
