# METADATA
# scope: package
# title: Shared helpers
# description: >-
#   Turns findings into a decision. A decision allows only by positive proof: the input matches its schema, every named
#   proof holds, no finding blocks and nobody has to be waited for.
package ratchet.lib

levels := {"advisory", "dry-run", "soft-mandatory", "hard-mandatory"}

blocking_levels := {"soft-mandatory", "hard-mandatory"}

# METADATA
# title: Revision of the bundle
# description: Written into the bundle when it is built; `unbuilt` when the folder is evaluated as it lies.
default revision := "unbuilt"

revision := data.ratchet.revision

# METADATA
# title: Schema errors of an input
# description: The set of messages; empty when the document matches. No schema, no match.
default errors(_, _) := {"the schema is missing or unusable"}

errors(document, schema) := {message |
	some problem in problems
	message := sprintf("%v: %v", [problem.field, problem.desc])
} if {
	is_object(schema)
	[_, problems] := json.match_schema(document, schema)
}

# METADATA
# title: One finding
# description: Code, title and remedy come from the rule's own annotation, the level from data.
finding(rule, given_levels, path, msg) := {
	"code": object.get(custom, "code", "UNNAMED"),
	"title": object.get(rule, "title", ""),
	"msg": msg,
	"path": path,
	"remedy": object.get(custom, "remedy", ""),
	"level": level(custom, given_levels),
} if {
	custom := object.get(rule, "custom", {})
}

# METADATA
# title: Level of a rule
# description: What data says, unless the rule is fixed. Not said, or not a known word, is hard-mandatory.
default level(_, _) := "hard-mandatory"

level(custom, given_levels) := given if {
	not custom.fixed
	given := given_levels[custom.code]
	given in levels
}

# METADATA
# title: A number within its limit
# description: Proves it; a limit that is missing or is not a number proves nothing.
within(value, limit) if {
	is_number(value)
	is_number(limit)
	value <= limit
}

# METADATA
# title: A person with one of the roles
# description: No roles asked for, every named person has one. Who has which role is in `people/data.yaml`.
has_role(by, roles) if {
	roles == []
	trim_space(by) != ""
}

has_role(by, roles) if {
	some role in roles
	by in data.ratchet.people.roles[role]
	trim_space(by) != ""
}

# METADATA
# title: A path matches one of the globs
# description: "`*` stays within a folder, `**` crosses folders; a leading `**/` also matches at the top."
matches_any(globs, path) if {
	some pattern in globs
	glob.match(pattern, ["/"], path)
}

matches_any(globs, path) if {
	some pattern in globs
	startswith(pattern, "**/")
	glob.match(trim_prefix(pattern, "**/"), ["/"], path)
}

# METADATA
# title: Findings of an installation's own rules
# description: >-
#   Rules of one's own live in `ratchet/local/<question>`, apart from the shipped ones. What they find is taken as it is
#   when it is a whole finding, else wrapped into one that blocks; nothing is lost.
local(found) := {whole(one) | some one in found}

default whole(_) := {
	"code": "LOCAL",
	"title": "Rule of this installation",
	"msg": "A rule in ratchet/local found something that is no text and no finding.",
	"path": "",
	"remedy": "Ask who runs this installation.",
	"level": "hard-mandatory",
}

whole(found) := found if {
	object.keys(found) in {finding_fields, (finding_fields | {"word"})}
	every value in found {
		is_string(value)
	}
	found.code != ""
	found.level in levels
}

whole(found) := {
	"code": "LOCAL",
	"title": "Rule of this installation",
	"msg": found,
	"path": "",
	"remedy": "Ask who runs this installation.",
	"level": "hard-mandatory",
} if {
	is_string(found)
}

finding_fields := {"code", "title", "msg", "path", "remedy", "level"}

# METADATA
# title: The decision
# description: >-
#   `facts` has findings (set), needs and proven (sets of names), require (object) and hold (boolean).
decision(facts) := {
	"schema": 1,
	"allow": allowed(facts),
	"deny": array.concat(blocking(facts.findings), unproven(facts)),
	"warn": [found | some found in facts.findings; harmless(found)],
	"require": object.union(facts.require, overridable(facts)),
	"decision_id": input.decision_id,
	"revision": revision,
}

# METADATA
# title: The decision on a malformed input
malformed(problems) := {
	"schema": 1,
	"allow": false,
	"deny": [{
		"code": "INPUT",
		"title": "Malformed question",
		"msg": concat("; ", problems),
		"path": "",
		"remedy": "The input does not match its schema in policies/schemas; this is a fault of the caller.",
		"level": "hard-mandatory",
	}],
	"warn": [],
	"require": {},
	"decision_id": object.get(input, "decision_id", ""),
	"revision": revision,
}

blocking(findings) := [found | some found in findings; not harmless(found)]

# METADATA
# title: A finding that stops nothing
# description: By its level, or because a sound override names its code. Nothing lifts a hard-mandatory one.
harmless(found) if found.level in (levels - blocking_levels)

harmless(found) if {
	found.level == "soft-mandatory"
	found.code in lifted
}

# METADATA
# title: Codes that this candidate may pass
# description: Those that its sound overrides name.
lifted contains code if {
	some given in input.overrides
	data.ratchet.override.sound(given)
	some code in given.codes
}

# METADATA
# title: What an override could lift
# description: >-
#   Named when everything that blocks is soft-mandatory, the question is about a candidate, somebody has the role, and not
#   too many of the campaign's candidates wait already. The daemon then lets the candidate wait.
default overridable(_) := {}

overridable(facts) := {"override": {
	"codes": sort({found.code | some found in stopping}),
	"wait_seconds": data.ratchet.override.wait_seconds,
}} if {
	input.candidate != ""
	facts.needs == facts.proven
	stopping := blocking(facts.findings)
	count(stopping) > 0
	every found in stopping {
		found.level == "soft-mandatory"
	}
	some role in data.ratchet.override.roles.override
	count(data.ratchet.people.roles[role]) > 0
	input.waiting < data.ratchet.override.most_waiting
}

default allowed(_) := false

allowed(facts) if {
	facts.hold == false
	count(facts.needs) > 0
	facts.needs == facts.proven
	every found in facts.findings {
		harmless(found)
	}
}

default unproven(_) := []

unproven(facts) := [{
	"code": "UNPROVEN",
	"title": "Not proven",
	"msg": sprintf("Not proven: %v.", [concat(", ", facts.needs - facts.proven)]),
	"path": "",
	"remedy": "The policy grants only what it can prove. See the other findings, or the proofs in the package.",
	"level": "hard-mandatory",
}] if {
	facts.needs != facts.proven
	blocking(facts.findings) == []
}
