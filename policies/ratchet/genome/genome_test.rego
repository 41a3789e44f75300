package ratchet.genome_test

import data.ratchet.genome

heldout := {"tasks": 10, "transfer_tasks": 3, "worst_transfer": -0.1, "worst_family": -0.2}

canary := {"share": 0.25, "watch": 4, "complete": 8, "success_margin": 0.1, "cost_factor": 2, "denial_margin": 0.1}

decide(given) := got if {
	got := genome.decision with input as given with data.ratchet.local as {}
		with data.ratchet.genome.tools as ["read", "list"]
		with data.ratchet.genome.max_tools as 2
		with data.ratchet.genome.heldout as heldout
		with data.ratchet.genome.canary as canary
		with data.ratchet.genome.levels as {"GENOME-FIELD": "advisory"}
}

codes(given) := {found.code | some found in decide(given).deny}

ids := {"decision_id": "d", "campaign": "c", "candidate": "c-c1"}

edit(more) := object.union(ids, {
	"action": "edit",
	"ceiling": object.union({"readable": true, "tools": ["read"], "fields": []}, more),
})

promote(more) := object.union(ids, {
	"action": "promote",
	"heldout": object.union(
		{
			"tasks": 10, "families": {"python": 0.4, "c": 0}, "transfer_model": "other", "transfer_tasks": 3,
			"transfer_gain": 0, "report": "r",
		},
		more,
	),
})

version := {"decided": 4, "success": 0.5, "denied": 0.1, "cost": {"tokens": 100, "micro_usd": 0}}

rollout(changed) := object.union(ids, {
	"action": "rollout",
	"rollout": {"canary": object.union(version, changed), "current": version},
})

test_allowed[note] if {
	some note, given in {
		"within the ceiling": edit({}),
		"a new tool": edit({"tools": ["read", "list"]}),
		"no tool": edit({"tools": []}),
		"just enough held out": promote({}),
		"as bad as it may be": promote({"transfer_gain": -0.1, "families": {"c": -0.2}}),
		"a canary as good": rollout({}),
		"a canary as bad as it may be": rollout({"success": 0.4, "denied": 0.2, "cost": {"tokens": 200, "micro_usd": 0}}),
		"too early to tell": rollout({"decided": 3, "success": 0, "denied": 1, "cost": {"tokens": 9999, "micro_usd": 9}}),
	}
	got := decide(given)
	got.allow
	got.deny == []
}

test_denied[note] if {
	some note, tc in {
		"no genome.toml": [edit({"readable": false}), {"GENOME-UNREADABLE"}],
		"its limits": [edit({"fields": ["limits.calls"]}), {"GENOME-FIELD"}],
		"a tool of no known kind": [edit({"tools": ["shell"]}), {"GENOME-TOOL"}],
		"too many tools": [edit({"tools": ["read", "list", "read"]}), {"GENOME-TOOLS"}],
		"too few tasks": [promote({"tasks": 9}), {"GENOME-HELDOUT"}],
		"no other model": [promote({"transfer_tasks": 2}), {"GENOME-TRANSFER"}],
		"worse with another model": [promote({"transfer_gain": -0.2}), {"GENOME-WORSE-TRANSFER"}],
		"no gain is known with another model": [promote({"transfer_gain": null}), {"GENOME-WORSE-TRANSFER"}],
		"worse in a family": [promote({"families": {"python": 0.5, "c": -0.3}}), {"GENOME-WORSE-FAMILY"}],
		"a canary that succeeds less": [rollout({"success": 0.3}), {"GENOME-SUCCESS"}],
		"a canary that costs more": [rollout({"cost": {"tokens": 201, "micro_usd": 0}}), {"GENOME-COST"}],
		"a canary that costs money": [rollout({"cost": {"tokens": 1, "micro_usd": 1}}), {"GENOME-COST"}],
		"a canary that is denied more": [rollout({"denied": 0.3}), {"GENOME-DENIALS"}],
		"an unknown action": [object.union(ids, {"action": "start"}), {"INPUT"}],
	}
	got := decide(tc[0])
	got.allow == false
	codes(tc[0]) == tc[1]
}

# Each rule speaks in its own action alone.
test_other_actions_are_left_alone if {
	codes(object.union(edit({}), {"heldout": promote({"tasks": 0, "transfer_tasks": 0}).heldout})) == set()
	codes(object.union(edit({}), {"heldout": promote({"transfer_gain": -1, "families": {"c": -1}}).heldout})) == set()
	codes(object.union(promote({}), {"ceiling": edit({"readable": false, "fields": ["x"]}).ceiling})) == set()
	codes(object.union(promote({}), {"ceiling": edit({"tools": ["a", "b", "c"]}).ceiling})) == set()
	bad := rollout({"success": 0, "denied": 1, "cost": {"tokens": 9999, "micro_usd": 9}})
	codes(object.union(edit({}), {"rollout": bad.rollout})) == set()
}

test_a_missing_part_proves_nothing[action] if {
	some action in {"edit", "promote", "rollout"}
	decide(object.union(ids, {"action": action})).allow == false
}

test_what_follows if {
	decide(promote({})).require == {"canary_share": 0.25}
	decide(rollout({})).require == {}
	many := object.union(version, {"decided": 8})
	both := object.union(ids, {"action": "rollout", "rollout": {"canary": many, "current": many}})
	decide(both).require == {"complete": true}
	decide(rollout({"decided": 8})).require == {}
}

test_levels_relax_nothing if codes(edit({"fields": ["entry"]})) == {"GENOME-FIELD"}

test_missing_numbers_permit_nothing if {
	without_tools := genome.decision with input as edit({}) with data.ratchet.genome.tools as null
	without_tools.allow == false
	without_terms := genome.decision with input as rollout({}) with data.ratchet.genome.canary as {}
	without_terms.allow == false
}

own_rule := {"code": "X", "title": "t", "msg": "m", "path": "", "remedy": "r", "level": "hard-mandatory"}

test_own_rules_count if {
	got := genome.decision with input as edit({}) with data.ratchet.local.genome.deny as {own_rule}
	got.allow == false
}
