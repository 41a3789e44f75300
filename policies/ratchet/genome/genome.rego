# METADATA
# scope: package
# title: What a version of the agent may be, and may it come into use
# description: >-
#   Asked with three actions. `edit`: does a changed genome.toml stay within the ceiling. `promote`: was enough held out
#   and tried elsewhere. `rollout`: may a canary go on; a denial takes it back, `require.complete` makes it current.
# schemas:
#   - input: schema.genome.data
package ratchet.genome

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "action"},
	"proven": proven,
	"require": require,
	"hold": false,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.genome)

default own_rules := set()

own_rules := data.ratchet.local.genome.deny

# What must hold, whatever the levels in data say.

proven contains "settings" if lib.settled("genome")

proven contains "action" if {
	input.action == "edit"
	readable
	input.ceiling.fields == []
	every tool in input.ceiling.tools {
		tool in data.ratchet.genome.tools
	}
}

proven contains "action" if {
	input.action == "promote"
	enough_tasks
	enough_transfer
}

proven contains "action" if {
	input.action == "rollout"
	is_number(input.rollout.canary.decided)
	is_number(input.rollout.current.decided)
}

readable if input.ceiling.readable == true

known_tool(tool) if tool in data.ratchet.genome.tools

few_tools if lib.within(count(input.ceiling.tools), data.ratchet.genome.max_tools)

enough_tasks if lib.within(data.ratchet.genome.heldout.tasks, input.heldout.tasks)

enough_transfer if lib.within(data.ratchet.genome.heldout.transfer_tasks, input.heldout.transfer_tasks)

terms := data.ratchet.genome.canary

# METADATA
# title: Both versions have decided enough candidates to be compared
watched if {
	input.action == "rollout"
	decided(terms.watch)
}

decided(most) if {
	lib.within(most, input.rollout.canary.decided)
	lib.within(most, input.rollout.current.decided)
}

# METADATA
# title: What follows
# description: A promotion begins with the share of a canary; a rollout that has decided enough is complete.
default require := {}

require := {"canary_share": terms.share} if input.action == "promote"

require := {"complete": true} if {
	input.action == "rollout"
	decided(terms.complete)
}

# METADATA
# title: genome.toml cannot be read
# description: A version says in genome.toml what it is; without that nothing about it can be checked.
# custom:
#   code: GENOME-UNREADABLE
#   owner: safety
#   fixed: true
#   remedy: Leave genome.toml in its place, valid TOML, with every listed tool in tools/.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "genome.toml", "genome.toml cannot be read.") if {
	input.action == "edit"
	not readable
}

# METADATA
# title: A field of genome.toml that people own
# description: Limits, the entry and the capabilities are a ceiling; a version may only list tools, and tune behaviour.
# custom:
#   code: GENOME-FIELD
#   owner: safety
#   fixed: true
#   remedy: Change only `name`, `[behaviour]` and `capabilities.tools`.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "genome.toml", msg) if {
	input.action == "edit"
	some field in input.ceiling.fields
	msg := sprintf("The field %s is not the agent's to change.", [field])
}

# METADATA
# title: A tool beyond the ceiling
# description: Names of tools are listed by people, so that the agent does not grow new kinds of tools unseen.
# custom:
#   code: GENOME-TOOL
#   owner: safety
#   fixed: true
#   remedy: Use a name from `tools` in policies/ratchet/genome/data.yaml, or have a person add one.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "genome.toml", msg) if {
	input.action == "edit"
	some tool in input.ceiling.tools
	not known_tool(tool)
	msg := sprintf("The tool %s is not within the ceiling.", [tool])
}

# METADATA
# title: Too many tools
# description: Each tool takes room in every prompt.
# custom:
#   code: GENOME-TOOLS
#   owner: operator
#   fixed: true
#   remedy: List fewer tools, or raise `max_tools` in policies/ratchet/genome/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "genome.toml", msg) if {
	input.action == "edit"
	not few_tools
	msg := sprintf("%d tools; the limit is %v.", [count(input.ceiling.tools), data.ratchet.genome.max_tools])
}

# METADATA
# title: Too few tasks held out
# description: A version that solves more of a few tasks may just have been lucky.
# custom:
#   code: GENOME-HELDOUT
#   owner: safety
#   fixed: true
#   remedy: Add validation or sealed tasks to the suite; see `heldout` in policies/ratchet/genome/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	input.action == "promote"
	not enough_tasks
	msg := sprintf("%d tasks were held out; %v are needed.", [input.heldout.tasks, data.ratchet.genome.heldout.tasks])
}

# METADATA
# title: Transfer not shown
# description: A version that fits one model may be worth nothing with the next.
# custom:
#   code: GENOME-TRANSFER
#   owner: safety
#   fixed: true
#   remedy: Name `transfer_model` in the campaign; see `heldout` in policies/ratchet/genome/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	input.action == "promote"
	not enough_transfer
	msg := sprintf("%d tasks were run with another model.", [input.heldout.transfer_tasks])
}

# METADATA
# title: Worse with another model
# description: What was gained with one model is lost with the other.
# custom:
#   code: GENOME-WORSE-TRANSFER
#   owner: safety
#   fixed: true
#   remedy: Nothing to do; the version stays in the archive.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	input.action == "promote"
	gain := input.heldout.transfer_gain
	worst := data.ratchet.genome.heldout.worst_transfer
	not lib.within(worst, gain)
	msg := sprintf("With another model it solves a share of tasks that differs by %v.", [gain])
}

# METADATA
# title: Worse in one family of tasks
# description: What was gained in one family is paid for in another.
# custom:
#   code: GENOME-WORSE-FAMILY
#   owner: safety
#   fixed: true
#   remedy: Nothing to do; the version stays in the archive.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	input.action == "promote"
	some family, gain in input.heldout.families
	worst := data.ratchet.genome.heldout.worst_family
	not lib.within(worst, gain)
	msg := sprintf("In the family %s its share of tasks solved differs by %v.", [family, gain])
}

# METADATA
# title: Fewer accepted candidates
# description: The canary succeeds less often than the version in use, by more than the margin.
# custom:
#   code: GENOME-SUCCESS
#   owner: operator
#   fixed: true
#   remedy: Nothing to do; the canary is taken back. See `canary` in policies/ratchet/genome/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	watched
	least := input.rollout.current.success - terms.success_margin
	got := input.rollout.canary.success
	not lib.within(least, got)
	msg := sprintf("Its share of accepted candidates is %v, that of the version in use %v.", [got, input.rollout.current.success])
}

# METADATA
# title: Dearer candidates
# description: A candidate of the canary costs more than one of the version in use, by more than the factor.
# custom:
#   code: GENOME-COST
#   owner: operator
#   fixed: true
#   remedy: Nothing to do; the canary is taken back. See `canary` in policies/ratchet/genome/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	watched
	some account, cost in input.rollout.canary.cost
	most := input.rollout.current.cost[account] * terms.cost_factor
	not lib.within(cost, most)
	msg := sprintf("A candidate takes %v %s, of the version in use %v.", [cost, account, input.rollout.current.cost[account]])
}

# METADATA
# title: More denied candidates
# description: The canary proposes what policy denies more often than the version in use, by more than the margin.
# custom:
#   code: GENOME-DENIALS
#   owner: safety
#   fixed: true
#   remedy: Nothing to do; the canary is taken back. See `canary` in policies/ratchet/genome/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.genome.levels, "", msg) if {
	watched
	most := input.rollout.current.denied + terms.denial_margin
	got := input.rollout.canary.denied
	not lib.within(got, most)
	msg := sprintf("Its share of denied candidates is %v, that of the version in use %v.", [got, input.rollout.current.denied])
}
