package ratchet.lib

# METADATA
# title: What is wrong with the numbers in data
# description: >-
#   Messages, one for each entry of a data.yaml that has the wrong type, is missing or is misspelt. Asked before a bundle
#   is used; the rules themselves treat a limit that is not a number as never met.
data_problems contains sprintf("ratchet/%s/data.yaml: %s", [name, message]) if {
	some name in object.keys(data.schemas.settings)
	some message in errors(object.get(tuned, name, {}), data.schemas.settings[name])
}

# METADATA
# title: The numbers of a package can be relied on
# description: Every decision needs this proof; without it, a rule that reads a missing list would stay silent.
settled(name) if errors(tuned[name], data.schemas.settings[name]) == set()

# METADATA
# title: What people tune
# description: Entry by entry, because a package's data and its rules share one document.
tuned.edit.limits := data.ratchet.edit.limits

tuned.edit.targets := data.ratchet.edit.targets

tuned.edit.levels := data.ratchet.edit.levels

tuned.budget.campaign := data.ratchet.budget.campaign

tuned.budget.day := data.ratchet.budget.day

tuned.budget.in_flight := data.ratchet.budget.in_flight

tuned.budget.blocking := data.ratchet.budget.blocking

tuned.budget.low_share := data.ratchet.budget.low_share

tuned.budget.models := data.ratchet.budget.models

tuned.budget.extend_by := data.ratchet.budget.extend_by

tuned.budget.levels := data.ratchet.budget.levels

tuned.stop.defaults := data.ratchet.stop.defaults

tuned.stop.rate := data.ratchet.stop.rate

tuned.stop.accounts := data.ratchet.stop.accounts

tuned.stop.order := data.ratchet.stop.order

tuned.stop.levels := data.ratchet.stop.levels

tuned.sandbox.roles := data.ratchet.sandbox.roles

tuned.sandbox.pool := data.ratchet.sandbox.pool

tuned.sandbox.images := data.ratchet.sandbox.images

tuned.sandbox.gpu := data.ratchet.sandbox.gpu

tuned.sandbox.forbidden_env := data.ratchet.sandbox.forbidden_env

tuned.sandbox.levels := data.ratchet.sandbox.levels

tuned.promote.kinds := data.ratchet.promote.kinds

tuned.promote.cohabiting_approvals := data.ratchet.promote.cohabiting_approvals

tuned.promote.roles := data.ratchet.promote.roles

tuned.promote.levels := data.ratchet.promote.levels

tuned.genome.tools := data.ratchet.genome.tools

tuned.genome.max_tools := data.ratchet.genome.max_tools

tuned.genome.heldout := data.ratchet.genome.heldout

tuned.genome.canary := data.ratchet.genome.canary

tuned.genome.levels := data.ratchet.genome.levels

tuned.people.roles := data.ratchet.people.roles

tuned.override.wait_seconds := data.ratchet.override.wait_seconds

tuned.override.most_waiting := data.ratchet.override.most_waiting

tuned.override.reason_length := data.ratchet.override.reason_length

tuned.override.most_seconds := data.ratchet.override.most_seconds

tuned.override.undo_seconds := data.ratchet.override.undo_seconds

tuned.override.roles := data.ratchet.override.roles

tuned.override.escalation := data.ratchet.override.escalation

tuned.override.levels := data.ratchet.override.levels

tuned.model.models := data.ratchet.model.models

tuned.model.targets := data.ratchet.model.targets

tuned.model.levels := data.ratchet.model.levels
