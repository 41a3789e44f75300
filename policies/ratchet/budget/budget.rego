# METADATA
# scope: package
# title: May this be spent
# description: >-
#   Asked when a campaign starts (`asked` are its caps), before each candidate and each sealed query (`asked` is what
#   will be reserved), and when caps are to be extended (`asked` is what would be added). The ledger holds the money; this
#   says what may be asked of it.
# schemas:
#   - input: schema.budget.data
package ratchet.budget

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "caps", "day", "person"},
	"proven": proven,
	"require": require,
	"hold": false,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.budget)

default own_rules := set()

own_rules := data.ratchet.local.budget.deny

# What must hold for every question, whatever the levels in data say.

proven contains "settings" if lib.settled("budget")

proven contains "caps" if {
	every account, amount in input.asked {
		covered(account, amount)
	}
}

proven contains "day" if {
	every account, amount in data.ratchet.budget.day {
		fits_the_day(account, amount)
	}
}

proven contains "person" if input.action != "extend"

proven contains "person" if {
	input.action == "extend"
	trim_space(input.by) != ""
}

# METADATA
# title: What the daemon has to use
# description: >-
#   At the start: the caps of the campaign (asked, else the default), how many candidates may be in flight, and the patience
#   of a campaign that sets none.
default require := {}

require := {
	"caps": object.union(data.ratchet.budget.campaign["default"], input.asked),
	"in_flight": data.ratchet.budget.in_flight,
	"patience": data.ratchet.stop.defaults.patience,
} if {
	input.action == "start"
}

spends if input.action in {"candidate", "sealed"}

# A cap that is asked for must lie within its ceiling; what is to be reserved must be left.

covered(account, amount) if {
	input.action == "start"
	lib.within(amount, data.ratchet.budget.campaign.ceiling[account])
}

covered(account, amount) if {
	input.action == "extend"
	lib.within(input.accounts[account].cap + amount, data.ratchet.budget.campaign.ceiling[account])
}

covered(account, amount) if {
	spends
	line := input.accounts[account]
	lib.within((line.spent + line.reserved) + amount, line.cap)
}

fits_the_day(account, ceiling) if {
	spends
	lib.within(object.get(input.day, account, 0) + object.get(input.asked, account, 0), ceiling)
}

fits_the_day(account, ceiling) if {
	input.action == "start"
	lib.within(object.get(input.day, account, 0), ceiling)
}

fits_the_day(_, _) if input.action == "extend"

may_extend if input.by in data.ratchet.budget.extend_by

known_model if lib.matches_any(data.ratchet.budget.models, input.model)

few_in_flight if lib.within(object.get(input, "in_flight", 1), data.ratchet.budget.in_flight)

# METADATA
# title: Cap above its ceiling
# description: A campaign may not ask for a larger cap than data allows.
# custom:
#   code: BUDGET-CEILING
#   owner: operator
#   fixed: true
#   remedy: Ask for less, or raise `campaign.ceiling` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, account, msg) if {
	not spends
	some account, amount in input.asked
	not covered(account, amount)
	msg := sprintf("%d more of %s would pass the ceiling of %v for a campaign.", [
		amount,
		account,
		object.get(data.ratchet.budget.campaign.ceiling, account, "nothing"),
	])
}

# METADATA
# title: Budget of the campaign used up
# description: What the step would reserve is not left in the campaign's account.
# custom:
#   code: BUDGET-ACCOUNT
#   owner: operator
#   fixed: true
#   remedy: Extend the campaign's budget (update `extend_budget`), or let it stop.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, account, msg) if {
	spends
	some account, amount in input.asked
	not covered(account, amount)
	msg := sprintf("%d of %s are not left: %v.", [amount, account, object.get(input.accounts, account, "no such account")])
}

# METADATA
# title: Ceiling of the day
# description: All campaigns together may spend this much in 24 hours.
# custom:
#   code: BUDGET-DAY
#   owner: operator
#   fixed: true
#   remedy: Wait, or raise `day` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, account, msg) if {
	some account, ceiling in data.ratchet.budget.day
	not fits_the_day(account, ceiling)
	msg := sprintf("%d of %s spent in 24 hours, %d asked; the ceiling is %v.", [
		object.get(input.day, account, 0),
		account,
		object.get(input.asked, account, 0),
		ceiling,
	])
}

# METADATA
# title: Nobody asks
# description: More budget is asked for by a person.
# custom:
#   code: BUDGET-PERSON
#   owner: safety
#   fixed: true
#   remedy: Say who asks (`by`).
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, "", "Nobody is named who extends the budget.") if {
	input.action == "extend"
	trim_space(input.by) == ""
}

# METADATA
# title: Person may not extend budgets
# description: Data lists who may; an empty list means anybody who is named.
# custom:
#   code: BUDGET-WHO
#   owner: operator
#   remedy: Ask one of `extend_by` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, "", msg) if {
	input.action == "extend"
	count(data.ratchet.budget.extend_by) > 0
	not may_extend
	msg := sprintf("%s may not extend budgets.", [input.by])
}

# METADATA
# title: Model not allowed
# description: Data lists the models that campaigns may spend on.
# custom:
#   code: BUDGET-MODEL
#   owner: operator
#   remedy: Choose another model, or list this one under `models` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, input.model, msg) if {
	input.action in {"start", "candidate"}
	not known_model
	msg := sprintf("The model %q is not allowed.", [input.model])
}

# METADATA
# title: Too many candidates in flight
# description: Asked for at the start of a campaign.
# custom:
#   code: BUDGET-IN-FLIGHT
#   owner: operator
#   remedy: Ask for fewer, or raise `in_flight` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, "", msg) if {
	input.action == "start"
	not few_in_flight
	msg := sprintf("%d in flight; the limit is %v.", [object.get(input, "in_flight", 1), data.ratchet.budget.in_flight])
}

# METADATA
# title: Weakness of the machine
# description: Data lists what the doctor may find before no campaign starts on this machine.
# custom:
#   code: BUDGET-MACHINE
#   owner: operator
#   remedy: Mend what `ratchet doctor` says, or strike it from `blocking` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, weakness.check, msg) if {
	input.action == "start"
	some weakness in object.get(input, "weaknesses", [])
	weakness.check in data.ratchet.budget.blocking
	msg := sprintf("The doctor found of %s: %s.", [weakness.check, weakness.found])
}

# METADATA
# title: Budget nearly used up
# description: A share of an account, set in data, is spent.
# custom:
#   code: BUDGET-LOW
#   owner: operator
#   remedy: Extend the campaign's budget in time (update `extend_budget`).
deny contains lib.finding(rego.metadata.rule(), data.ratchet.budget.levels, account, msg) if {
	input.action == "candidate"
	some account, line in input.accounts
	line.spent > line.cap * data.ratchet.budget.low_share
	msg := sprintf("%d of %d %s are spent.", [line.spent, line.cap, account])
}
