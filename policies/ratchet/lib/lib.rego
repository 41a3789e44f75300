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
	"warn": [found | some found in facts.findings; not found.level in blocking_levels],
	"require": facts.require,
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

blocking(findings) := [found | some found in findings; found.level in blocking_levels]

default allowed(_) := false

allowed(facts) if {
	facts.hold == false
	count(facts.needs) > 0
	facts.needs == facts.proven
	every found in facts.findings {
		found.level in (levels - blocking_levels)
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
