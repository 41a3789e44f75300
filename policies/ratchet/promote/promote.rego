# METADATA
# scope: package
# title: May this candidate become the champion
# description: >-
#   Asked with `sealed.status` `pending` (may it be measured again on the sealed holdout, and go on?) and `done` (may the
#   pointer move?). With enough evidence but too few approvals the answer is a hold: neither allowed nor denied, and
#   `require` says how many people have to sign and for how long it waits.
# schemas:
#   - input: schema.promote.data
package ratchet.promote

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "accepted", "intact", "better", "sealed", "kind"},
	"proven": proven,
	"require": require,
	"hold": hold,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.promote)

default own_rules := set()

own_rules := data.ratchet.local.promote.deny

# What must hold for every promotion, whatever the levels in data say.

proven contains "settings" if {
	lib.settled("promote")
	lib.settled("override")
	lib.settled("people")
}

proven contains "accepted" if input.evidence.verdict == "accepted"

proven contains "intact" if input.evidence.manifest_intact

proven contains "better" if better(input.evidence)

proven contains "sealed" if input.sealed.status == "pending"

proven contains "sealed" if {
	input.sealed.status == "done"
	better(input.sealed)
}

proven contains "kind" if is_number(needed)

# METADATA
# title: An interval that lies above zero
# description: Proves a gain; a missing number proves nothing.
better(measured) if {
	is_number(measured.gain)
	is_number(measured.low)
	measured.low > 0
	measured.gain >= measured.low
}

# Approvals.

terms := data.ratchet.promote.kinds[input.target.kind]

needed := max(asked | {data.ratchet.promote.cohabiting_approvals, 1}) if input.target.integrity == "cohabiting"

needed := max(asked) if input.target.integrity == "isolated"

# Nobody is asked for where data says nothing of the kind: then `needed` is undefined, and nothing is promoted.
asked := {terms.approvals} | {raised.approvals | some raised in raises}

# METADATA
# title: Escalations that count
# description: Signed, by somebody who may, and within data's bound. They only ever ask for more.
raises contains raised if {
	some raised in input.escalations
	raised.verified == true
	lib.has_role(raised.by, data.ratchet.override.roles.escalate)
	lib.within(raised.approvals, data.ratchet.override.escalation.most_approvals)
}

# Every role that an escalation asked for, which each of those who sign must have.
raised_roles := {raised.role | some raised in raises; raised.role != ""}

signers := {approval.by |
	some approval in input.approvals
	approval.verified == true
	trim_space(approval.by) != ""
	approval.by != input.started_by
	lib.has_role(approval.by, data.ratchet.promote.roles)
	every role in raised_roles {
		lib.has_role(approval.by, [role])
	}
}

# METADATA
# title: Whether people have to be waited for
# description: True unless enough of them are proven to have signed.
default hold := true

hold := false if {
	is_number(needed)
	count(signers) >= needed
}

# METADATA
# title: What a hold needs
# description: Approvals still missing are counted by distinct persons; the starter of the campaign never counts.
default require := {}

require := {
	"approvals": needed,
	"given": count(signers),
	"signers": sort(signers),
	"roles": sort(raised_roles | {role | some role in data.ratchet.promote.roles}),
	"expires_seconds": terms.expires_seconds,
} if {
	hold
}

# METADATA
# title: Unknown kind of target
# description: Data says for each kind how many people have to sign.
# custom:
#   code: PROMOTE-KIND
#   owner: operator
#   fixed: true
#   remedy: Add the kind to `kinds` in policies/ratchet/promote/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	not "kind" in proven
	msg := sprintf("Nobody said who signs for a target of kind %q.", [input.target.kind])
}

# METADATA
# title: Not accepted
# description: Only an accepted candidate can be promoted.
# custom:
#   code: PROMOTE-VERDICT
#   owner: safety
#   fixed: true
#   remedy: Nothing to do; the verdict is final.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	not "accepted" in proven
	msg := sprintf("The verdict is %s.", [input.evidence.verdict])
}

# METADATA
# title: Target changed
# description: The judge, its data or its settings are not those of the campaign's start.
# custom:
#   code: PROMOTE-MANIFEST
#   owner: safety
#   fixed: true
#   remedy: Restore the target's files, or start a new campaign.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", "The target's manifest has changed.") if {
	not "intact" in proven
}

# METADATA
# title: No proven gain
# description: The interval of the gain over the parent reaches down to zero, or a number is missing.
# custom:
#   code: PROMOTE-GAIN
#   owner: safety
#   fixed: true
#   remedy: Nothing to do; the candidate stays in the archive and may be a parent.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	not "better" in proven
	msg := sprintf("The gain %v has the lower bound %v.", [input.evidence.gain, input.evidence.low])
}

# METADATA
# title: Gain too small
# description: Data sets the smallest gain worth a promotion, for each kind.
# custom:
#   code: PROMOTE-SMALL
#   owner: operator
#   remedy: Nothing to do, or lower `min_gain` in policies/ratchet/promote/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	some gain in measured_gains
	not large_enough(gain)
	msg := sprintf("The gain %v is below %v.", [gain, terms.min_gain])
}

large_enough(gain) if lib.within(terms.min_gain, gain)

enough_rounds if lib.within(terms.min_rounds, input.sealed.rounds)

measured_gains contains input.evidence.gain if is_number(input.evidence.gain)

measured_gains contains input.sealed.gain if {
	input.sealed.status == "done"
	is_number(input.sealed.gain)
}

# METADATA
# title: Too little evidence
# description: The test was not decided, or by too few paired measurements.
# custom:
#   code: PROMOTE-EVIDENCE
#   owner: safety
#   remedy: Let the candidate be measured longer; see `kinds` in policies/ratchet/promote/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	not enough_evidence
	msg := sprintf("%d pairs, e-value %v of %v.", [input.evidence.pairs, input.evidence.e_value, input.evidence.threshold])
}

enough_evidence if {
	lib.within(terms.min_pairs, input.evidence.pairs)
	lib.within(input.evidence.threshold, input.evidence.e_value)
}

# METADATA
# title: Not better on the sealed holdout
# description: What was gained on the visible cases does not show on the sealed ones.
# custom:
#   code: PROMOTE-SEALED
#   owner: safety
#   fixed: true
#   remedy: Nothing to do; the candidate stays in the archive.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	not "sealed" in proven
	msg := sprintf("On the sealed cases the gain %v has the lower bound %v.", [input.sealed.gain, input.sealed.low])
}

# METADATA
# title: Too few sealed rounds
# description: Data sets how many fresh rounds on the sealed cases a promotion needs.
# custom:
#   code: PROMOTE-ROUNDS
#   owner: operator
#   remedy: Let the candidate be measured again; see `min_rounds` in policies/ratchet/promote/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.promote.levels, "", msg) if {
	input.sealed.status == "done"
	not enough_rounds
	msg := sprintf("%d sealed rounds; %v are needed.", [input.sealed.rounds, object.get(terms, "min_rounds", "more")])
}
