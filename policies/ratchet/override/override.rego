# METADATA
# scope: package
# title: May this person bend what a rule says
# description: >-
#   Asked when somebody answers a hold otherwise than by an approval: `override` lets one candidate pass soft-mandatory
#   rules, `escalate` asks for more approvals, `reject` ends a hold, and `restore` goes back to an older policy. What was
#   granted as an override comes with every later question about the candidate, and is judged there anew (`lib.lifted`).
# schemas:
#   - input: schema.override.data
package ratchet.override

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "person", "terms"},
	"proven": proven,
	"require": {},
	"hold": false,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.override)

default own_rules := set()

own_rules := data.ratchet.local.override.deny

# METADATA
# title: A sound override
# description: >-
#   Signed by a second person with the role, for this candidate, with a reason and an end. Who started the campaign is
#   known by name; where nobody is named as its starter, nobody is provably the second person.
sound(given) if {
	given.verified == true
	second(given)
	has_role("override", given)
	reasoned(given)
	timely(given)
	given.candidate == input.candidate
	given.candidate != ""
}

second(given) if {
	trim_space(given.by) != ""
	trim_space(given.started_by) != ""
	lower(trim_space(given.by)) != lower(trim_space(given.started_by))
}

has_role(action, given) if lib.has_role(given.by, data.ratchet.override.roles[action])

reasoned(given) if lib.within(data.ratchet.override.reason_length, count(trim_space(given.reason)))

timely(given) if {
	lib.within(given.lasts_seconds, data.ratchet.override.most_seconds)
	lib.within(1, given.left_seconds)
}

# What must hold, whatever the levels in data say.

proven contains "settings" if {
	lib.settled("override")
	lib.settled("people")
}

proven contains "person" if {
	input.given.verified == true
	trim_space(input.given.by) != ""
	has_role(input.action, input.given)
}

proven contains "person" if undone

proven contains "terms" if input.action == "reject"

proven contains "terms" if {
	input.action == "override"
	sound(input.given)
	soft_only
}

proven contains "terms" if {
	input.action == "escalate"
	asks_for_more
	within_escalation
}

proven contains "terms" if {
	input.action == "restore"
	reasoned(input.given)
	timely(input.given)
}

proven contains "terms" if undone

# An edit of the policies that is taken back soon after.
undone if {
	input.action == "restore"
	lib.within(input.replaced_seconds_ago, data.ratchet.override.undo_seconds)
}

# Every finding that blocks is soft, and the override names its code.
soft_only if {
	count(input.blocking) > 0
	every found in input.blocking {
		found.level == "soft-mandatory"
		found.code in input.given.codes
	}
}

asks_for_more if input.escalation.approvals > input.hold.approvals

asks_for_more if {
	input.escalation.role != ""
	not already_asked
}

already_asked if input.escalation.role in input.hold.roles

asks_for_more if input.escalation.prolong_seconds > 0

within_escalation if {
	lib.within(input.escalation.approvals, data.ratchet.override.escalation.most_approvals)
	lib.within(input.hold.lives_seconds + input.escalation.prolong_seconds, life(input.escalation.prolong_seconds))
	known_role(input.escalation.role)
}

# A hold that is not prolonged keeps the life that it has.
life(0) := input.hold.lives_seconds

life(more) := data.ratchet.override.escalation.most_seconds if more > 0

known_role("")

known_role(role) if count(data.ratchet.people.roles[role]) > 0

needs_person if not undone

default name := "nobody"

name := input.given.by if input.given.by != ""

# METADATA
# title: Not signed
# description: A name on a command line is no identity; the statement has to be signed with the person's key.
# custom:
#   code: OVERRIDE-UNSIGNED
#   owner: safety
#   fixed: true
#   remedy: Sign it with an SSH key that the allowed-signers file lists for this name.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	needs_person
	not signed(input.given)
	msg := sprintf("%v did not sign this.", [name])
}

signed(given) if given.verified == true

# METADATA
# title: Not a second person
# description: Who started the campaign cannot override for it; where nobody is named as its starter, nobody can.
# custom:
#   code: OVERRIDE-SECOND
#   owner: safety
#   fixed: true
#   remedy: Ask somebody else; start campaigns with `started_by`.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	input.action == "override"
	not second(input.given)
	msg := sprintf("%q is not provably another person than the starter %q.", [input.given.by, input.given.started_by])
}

# METADATA
# title: Without the role
# description: Data says which roles may answer so, and who has them.
# custom:
#   code: OVERRIDE-ROLE
#   owner: safety
#   fixed: true
#   remedy: Ask somebody with the role; see policies/ratchet/people/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	needs_person
	not has_role(input.action, input.given)
	msg := sprintf("%v has none of the roles that may %s.", [name, input.action])
}

# METADATA
# title: No reason
# description: Whoever reads the record later must be able to understand why.
# custom:
#   code: OVERRIDE-REASON
#   owner: safety
#   fixed: true
#   remedy: Give a reason of at least `reason_length` characters.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	input.action in {"override", "restore"}
	needs_person
	not reasoned(input.given)
	msg := sprintf("The reason has fewer than %v characters.", [data.ratchet.override.reason_length])
}

# METADATA
# title: No end, or too far away
# description: An override ends by itself, after a day at the latest.
# custom:
#   code: OVERRIDE-EXPIRY
#   owner: safety
#   fixed: true
#   remedy: Let it end later than now, and sooner than `most_seconds` after it was given.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	input.action in {"override", "restore"}
	needs_person
	not timely(input.given)
	msg := sprintf("It has to end within %v seconds, and not yet.", [data.ratchet.override.most_seconds])
}

# METADATA
# title: Another candidate
# description: An override is about one candidate.
# custom:
#   code: OVERRIDE-SCOPE
#   owner: safety
#   fixed: true
#   remedy: Name the candidate that waits.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", "It is about another candidate.") if {
	input.action == "override"
	not same_candidate
}

same_candidate if {
	input.candidate != ""
	input.given.candidate == input.candidate
}

# METADATA
# title: Not to be overridden
# description: Only soft-mandatory rules can be, and only those that are named.
# custom:
#   code: OVERRIDE-HARD
#   owner: safety
#   fixed: true
#   remedy: Change the edit; or, outside of any campaign, the rule's level in data.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	input.action == "override"
	not soft_only
	msg := sprintf("Blocked by %v; %v are named.", [
		{sprintf("%s (%s)", [found.code, found.level]) | some found in input.blocking},
		input.given.codes,
	])
}

# METADATA
# title: Escalation out of bounds
# description: An escalation asks for more approvals, for a role that somebody has, or for more time, within data's bounds.
# custom:
#   code: OVERRIDE-TERMS
#   owner: safety
#   fixed: true
#   remedy: Ask for more than the hold has, and no more than `escalation` in policies/ratchet/override/data.yaml allows.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.override.levels, "", msg) if {
	input.action == "escalate"
	not sound_escalation
	msg := sprintf("%v asked of a hold with %v.", [input.escalation, input.hold])
}

sound_escalation if {
	asks_for_more
	within_escalation
}
