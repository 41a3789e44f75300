# METADATA
# scope: package
# title: May this model be called with this target's data
# description: >-
#   Asked when a campaign starts (`asked` is empty), when a candidate's model is chosen, and by the gateway before each call
#   (`asked` is what the call reserves). The ledger holds the campaign's money; this says who may be shown what, and caps a
#   day's money for each model and for all of them.
# schemas:
#   - input: schema.model.data
package ratchet.model

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "listed", "data", "day"},
	"proven": proven,
	"require": {},
	"hold": false,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.model)

default own_rules := set()

own_rules := data.ratchet.local.model.deny

# What must hold for every call, whatever the levels in data say.

proven contains "settings" if {
	lib.settled("model")
	lib.settled("budget")
}

proven contains "listed" if is_object(terms)

proven contains "data" if class in terms.sees

proven contains "day" if {
	fits_model
	fits_day("micro_usd")
	fits_day("tokens")
}

terms := [entry | some entry in data.ratchet.model.models; glob.match(entry.match, ["/"], input.model)][0]

# METADATA
# title: Class of the target's data
# description: Its own entry, else the default one.
class := object.get(data.ratchet.model.targets, input.target, data.ratchet.model.targets["default"])

fits_model if lib.within(input.day_model.micro_usd + object.get(input.asked, "micro_usd", 0), terms.day_micro_usd)

fits_day(account) if {
	ceiling := data.ratchet.budget.day[account]
	lib.within(object.get(input.day, account, 0) + object.get(input.asked, account, 0), ceiling)
}

fits_day(account) if not capped(account)

capped(account) if account in object.keys(data.ratchet.budget.day)

few_tokens if lib.within(input.max_tokens, terms.max_tokens)

# METADATA
# title: Model not listed
# description: No entry of data matches the model's name.
# custom:
#   code: MODEL-LISTED
#   owner: operator
#   fixed: true
#   remedy: Use another model, or add an entry to `models` in policies/ratchet/model/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.model.levels, input.model, msg) if {
	not "listed" in proven
	msg := sprintf("No entry matches the model %q.", [input.model])
}

# METADATA
# title: Data that the model may not see
# description: The target's files are of a class that this kind of model must not be shown.
# custom:
#   code: MODEL-DATA
#   owner: safety
#   fixed: true
#   remedy: Use a model of the house; or change the target's class, or what the model `sees`, in policies/ratchet/model/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.model.levels, input.model, msg) if {
	not "data" in proven
	msg := sprintf("%s is %s; the model may see %v.", [input.target, class, terms.sees])
}

# METADATA
# title: Answer too long
# description: Data sets the most tokens of one answer for each kind of model.
# custom:
#   code: MODEL-TOKENS
#   owner: operator
#   remedy: Ask for fewer (RATCHET_MODEL_TOKENS), or raise `max_tokens` in policies/ratchet/model/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.model.levels, input.model, msg) if {
	not few_tokens
	msg := sprintf("%d tokens asked for; the limit is %v.", [input.max_tokens, terms.max_tokens])
}

# METADATA
# title: Model's money of the day
# description: What one model may cost in 24 hours, calls under way counted at their maximum.
# custom:
#   code: MODEL-DAY
#   owner: operator
#   fixed: true
#   remedy: Wait, use another model, or raise `day_micro_usd` in policies/ratchet/model/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.model.levels, input.model, msg) if {
	not fits_model
	msg := sprintf("%d micro-USD in 24 hours, %d asked; the cap of this model is %v.", [
		input.day_model.micro_usd,
		object.get(input.asked, "micro_usd", 0),
		terms.day_micro_usd,
	])
}

# METADATA
# title: All models' ceiling of the day
# description: The same ceiling as the budget's (`day` in policies/ratchet/budget/data.yaml), held call by call.
# custom:
#   code: MODEL-CEILING
#   owner: operator
#   fixed: true
#   remedy: Wait, or raise `day` in policies/ratchet/budget/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.model.levels, account, msg) if {
	some account in ["micro_usd", "tokens"]
	not fits_day(account)
	msg := sprintf("%d of %s in 24 hours, %d asked; the ceiling is %v.", [
		object.get(input.day, account, 0),
		account,
		object.get(input.asked, account, 0),
		object.get(data.ratchet.budget.day, account, "unknown"),
	])
}
