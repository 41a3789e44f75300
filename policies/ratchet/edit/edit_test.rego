package ratchet.edit_test

import data.ratchet.edit

# Data of the tests' own: tuning the shipped numbers breaks no test.

limits := {"files": 3, "bytes": 1000, "lines": 20, "file_bytes": 600}

targets := {
	"default": {"editable": ["**"], "forbidden": ["vendor/**"], "endings": [], "frozen": false, "limits": {}},
	"narrow": {"editable": ["src/**"], "endings": [".c", ".h"], "limits": {"lines": 5}},
	"still": {"frozen": true},
}

change := {
	"op": "modify", "path": "src/a.c", "segments": ["src", "a.c"], "mode": "100644",
	"size": 10, "added": 1, "removed": 1, "binary": false,
}

facts := {
	"decision_id": "d", "campaign": "c", "candidate": "c-c1",
	"target": {"name": "matmul", "kind": "kernel", "editable": ["src/**", "*.c", "**/notes.md"], "protected": ["src/ref.c"]},
	"changes": [change],
	"totals": {"files": 1, "bytes": 10, "added": 1, "removed": 1},
	"secrets": [], "unsafe": [],
}

decide(given) := got if {
	got := edit.decision with input as given with data.ratchet.local as {}
		with data.ratchet.edit.limits as limits
		with data.ratchet.edit.targets as targets
		with data.ratchet.edit.levels as {"EDIT-BINARY": "advisory", "EDIT-PROTECTED": "advisory"}
}

verdict(given) := [got.allow, [found.code | some found in got.deny]] if got := decide(given)

codes(given) := [found.code | some found in decide(given).deny]

at(path) := object.union(change, {"path": path, "segments": split(path, "/")})

with_path(path) := object.union(facts, {"changes": [at(path)]})

with_change(more) := object.union(facts, {"changes": [object.union(change, more)]})

for_target(more) := object.union(facts, {"target": object.union(facts.target, more)})

test_a_plain_edit_is_allowed if {
	got := decide(facts)
	got.allow
	got.deny == []
	got.warn == []
	got.require == {}
	got.decision_id == "d"
	got.schema == 1
}

test_allowed[note] if {
	some note, given in {
		"added": with_change({"op": "add"}),
		"executable": with_change({"mode": "100755"}),
		"deleted": with_change({"op": "delete", "mode": ""}),
		"at the top": with_path("main.c"),
		"two stars at the top": with_path("notes.md"),
		"underscore first": with_path("src/_x.c"),
		"two dots inside of a name": with_path("src/a..c"),
		"almost a device": with_path("src/com.c"),
		"240 bytes": with_path(concat("", ["src/", substring(pad, 0, 236)])),
		"20 parts": with_path(concat("/", array.concat(["src"], twenty))),
		"as large as allowed": object.union(facts, {"totals": {"files": 3, "bytes": 1000, "added": 10, "removed": 10}}),
		"file as large as allowed": with_change({"size": 600}),
		"narrow target": for_target({"name": "narrow"}),
		"genome": object.union(for_target({"kind": "genome", "editable": ["**"]}), {"changes": [at("prompts/system.md")]}),
		"genome in this project": object.union(
			for_target({"kind": "genome", "editable": ["**"]}),
			{"changes": [at("daemon/agent/agent.py")]},
		),
		"trusted names elsewhere": with_path("src/tests/daemon.c"),
	}
	verdict(given) == [true, []]
}

pad := concat("", ["x" | some _ in numbers.range(1, 240)])

twenty := ["x" | some _ in numbers.range(1, 19)]

test_denied[note] if {
	some note, tc in {
		"nothing": [object.union(facts, {"changes": []}), ["EDIT-EMPTY"]],
		"refused by the host": [object.union(facts, {"unsafe": [{"path": "x", "rule": "git"}]}), ["EDIT-UNSAFE"]],
		"nothing but what the host refused": [
			object.union(facts, {"changes": [], "unsafe": [{"path": "x", "rule": "git"}]}),
			["EDIT-UNSAFE"],
		],
		"symbolic link": [with_change({"mode": "120000"}), ["EDIT-MODE"]],
		"submodule": [with_change({"mode": "160000"}), ["EDIT-MODE"]],
		"setuid": [with_change({"mode": "104755"}), ["EDIT-MODE"]],
		"no mode": [with_change({"op": "add", "mode": ""}), ["EDIT-MODE"]],
		"twins": [object.union(facts, {"changes": [at("src/a.c"), at("src/A.c")]}), ["EDIT-TWIN"]],
		"protected by the target": [with_path("src/ref.c"), ["EDIT-TARGET-PROTECTED"]],
		"outside of the target's paths": [with_path("doc/a.c"), ["EDIT-OUTSIDE"]],
		"below a star": [for_target({"editable": ["*.c"]}), ["EDIT-OUTSIDE"]],
		"outside of the policy's paths": [
			object.union(for_target({"name": "narrow"}), {"changes": [at("main.c")]}),
			["EDIT-OUTSIDE"],
		],
		"target without editable paths": [for_target({"editable": []}), ["EDIT-OUTSIDE"]],
		"forbidden": [
			object.union(for_target({"editable": ["**"]}), {"changes": [at("vendor/x.c")]}),
			["EDIT-FORBIDDEN"],
		],
		"frozen": [for_target({"name": "still"}), ["EDIT-FROZEN"]],
		"too many files": [object.union(facts, {"totals": {"files": 4}}), ["EDIT-SIZE"]],
		"too many bytes": [object.union(facts, {"totals": {"bytes": 1001}}), ["EDIT-SIZE"]],
		"too many lines": [object.union(facts, {"totals": {"added": 10, "removed": 11}}), ["EDIT-SIZE"]],
		"too many lines for this target": [
			object.union(for_target({"name": "narrow"}), {"totals": {"added": 3, "removed": 3}}),
			["EDIT-SIZE"],
		],
		"file too large": [with_change({"size": 601}), ["EDIT-FILE-SIZE"]],
		"wrong ending": [
			object.union(for_target({"name": "narrow"}), {"changes": [at("src/a.py")]}),
			["EDIT-KIND"],
		],
		"secret": [object.union(facts, {"secrets": [{"path": "src/a.c", "line": 1, "kind": "k"}]}), ["EDIT-SECRET"]],
		"two at once": [
			object.union(with_change({"size": 601}), {"secrets": [{"path": "x", "line": 1, "kind": "k"}]}),
			["EDIT-FILE-SIZE", "EDIT-SECRET"],
		],
		"second change is bad": [
			object.union(facts, {"changes": [change, object.union(at("src/b.c"), {"mode": "120000"})]}),
			["EDIT-MODE"],
		],
	}
	verdict(tc[0]) == [false, tc[1]]
}

test_a_deleted_file_needs_no_ending if {
	given := object.union(for_target({"name": "narrow"}), {"changes": [object.union(at("src/x.py"), {"op": "delete", "mode": ""})]})
	codes(given) == []
}

test_a_binary_is_found_at_the_level_of_data if {
	got := decide(with_change({"binary": true}))
	got.allow
	[found.code | some found in got.warn] == ["EDIT-BINARY"]
}

test_a_binary_is_denied_by_default if {
	got := edit.decision with input as with_change({"binary": true}) with data.ratchet.local as {}
		with data.ratchet.edit.limits as limits
		with data.ratchet.edit.targets as targets
		with data.ratchet.edit.levels as {}
	[found.code | some found in got.deny] == ["EDIT-BINARY"]
}

test_unsound_paths[path] if {
	some path in {
		"src/../policy/x.c", "src/./a.c", "src//a.c", "/src/a.c", "src/a.c/", "src/.hidden", "src/-x", "src/a b.c",
		"src/a\nb.c", "src/a\\b.c", "src/a\u202eb.c", "src/a\u200bb.c", "src/a\u0000b.c", "src/a.", "src/a:b", "src/~a",
		"src/con", "src/LPT1.txt",
		"src/é.c", concat("", ["src/", pad, "y"]), concat("/", array.concat(twenty, ["x", "x"])),
	}
	given := object.union(for_target({"editable": ["**", "/src/**"]}), {"changes": [at(path)]})
	"EDIT-PATH" in codes(given)
	not decide(given).allow
}

test_segments_have_to_be_those_of_the_path if {
	"EDIT-PATH" in codes(with_change({"segments": ["src", "b.c"]}))
	"EDIT-PATH" in codes(with_change({"path": "", "segments": []}))
}

test_protected_files[path] if {
	some path in {
		"src/target.toml", "evaluator.py", "src/Evaluator.PY", "conftest.py", "src/x/conftest.py", "CONFTEST.py",
		"sitecustomize.py", "usercustomize.py", "src/x.pth", "src/X.PTH", "pytest.ini", "tox.ini", "setup.cfg", "setup.py",
		"pyproject.toml", "uv.lock", "Cargo.lock", "package-lock.json", "requirements.txt", "requirements-dev.txt",
		"Dockerfile", "src/Dockerfile.cuda", "a.dockerfile", "Containerfile", "docker-compose.yml", "compose.yaml",
		"x.rego", "policies/a.c", "src/policy/a.c", "judge/a.c", "src/evaluator/a.c", "budget.toml", "src/budgets/a.c",
		"Jenkinsfile", "go.sum", "src/__pycache__/a.c", "src/a.pyc", "x.egg-info/a.c", "x.dist-info/entry_points.txt",
		".git/config", ".github/workflows/ci.yml", ".gitattributes", ".gitmodules",
	}
	given := object.union(for_target({"editable": ["**"]}), {"changes": [at(path)]})
	"EDIT-PROTECTED" in codes(given)
	not decide(given).allow
}

test_a_protected_file_cannot_be_deleted if {
	given := object.union(for_target({"editable": ["**"]}), {"changes": [object.union(at("conftest.py"), {"op": "delete", "mode": ""})]})
	codes(given) == ["EDIT-PROTECTED"]
}

test_near_names_are_not_protected[path] if {
	some path in {"conftest.c", "lock", "a.locked", "evaluators.py", "judges/a.c", "dock.c", "rego.c", "setup_x.py"}
	given := object.union(for_target({"editable": ["**"]}), {"changes": [at(path)]})
	codes(given) == []
}

test_the_agent_cannot_edit_what_guards_it[path] if {
	some path in {"daemon/gate.py", "Workflows/a.py", "sandbox/a.py", "ops/a.py", "tests/a.py", "kernels/a.c", "daemon/x"}
	given := object.union(for_target({"kind": "genome", "editable": ["**"]}), {"changes": [at(path)]})
	codes(given) == ["EDIT-PROTECTED"]
}

test_malformed[note] if {
	some note, given in {
		"empty": {},
		"extra field": object.union(facts, {"override": true}),
		"missing field": object.remove(facts, {"unsafe"}),
		"wrong type": object.union(facts, {"unsafe": "none"}),
		"unknown operation": with_change({"op": "rename"}),
		"no id": object.union(facts, {"decision_id": ""}),
	}
	verdict(given) == [false, ["INPUT"]]
}

test_no_input_no_permission if {
	got := edit.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_emptied_data_opens_nothing if {
	got := edit.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.edit.limits as {}
		with data.ratchet.edit.targets as {}
		with data.ratchet.edit.levels as {}
	not got.allow
}

test_a_limit_that_is_no_number_is_never_met if {
	got := edit.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.edit.limits as object.union(limits, {"files": "many"})
		with data.ratchet.edit.targets as targets
		with data.ratchet.edit.levels as {}
	[found.code | some found in got.deny] == ["EDIT-SIZE"]
}

# Each proof stands by itself: without the rules that explain, the edit is still not allowed.
test_not_proven[note] if {
	some note, given in {
		"nothing": object.union(facts, {"changes": []}),
		"unsafe": object.union(facts, {"unsafe": [{"path": "x", "rule": "git"}]}),
		"path": with_path("src/a b.c"),
		"mode": with_change({"mode": "120000"}),
		"protected": with_path("src/conftest.py"),
		"protected by the target": with_path("src/ref.c"),
		"outside": with_path("doc/a.c"),
	}
	got := edit.decision with input as given with data.ratchet.local as {}
		with data.ratchet.edit.limits as limits
		with data.ratchet.edit.targets as targets
		with data.ratchet.edit.levels as {}
		with data.ratchet.edit.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := edit.decision with input as facts
		with data.ratchet.local as {"edit": {"deny": {"It is Sunday."}}}
	not got.allow
	"It is Sunday." in {found.msg | some found in got.deny}
}
