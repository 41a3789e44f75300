package ratchet.stop_test

import data.ratchet.stop

defaults := {"patience": 10, "crash_streak": 5, "denial_streak": 4, "wall_seconds": 1000}

facts := {
	"decision_id": "d", "campaign": "c", "decided": 3, "candidates": 40, "verdicts": {"failed": 3},
	"since_accepted": 3, "patience": null, "crash_streak": 0, "denial_streak": 0,
	"best_score": 1.5, "target_score": 2.0, "wall_seconds": 10, "wall_cap": null,
	"accounts": {"tokens": {"cap": 100, "spent": 50, "reserved": 50}, "gpu_ms": {"cap": 0, "spent": 0, "reserved": 0}},
	"requested": false, "hour": {"tokens": 20},
}

decide(given) := got if {
	got := stop.decision with input as given with data.ratchet.local as {}
		with data.ratchet.stop.defaults as defaults
		with data.ratchet.stop.accounts as ["tokens", "gpu_ms"]
		with data.ratchet.stop.rate as {"tokens": 30, "cpu_ms": 0}
		with data.ratchet.budget.in_flight as 7
		with data.ratchet.stop.order as ["requested", "target", "candidates", "budget", "wall"]
		with data.ratchet.stop.levels as {"STOP-DENIALS": "dry-run"}
}

at(more) := object.union(facts, more)

tokens(spent) := at({"accounts": {"tokens": {"cap": 100, "spent": spent, "reserved": 0}}})

test_go_on[note] if {
	some note, given in {
		"in the middle": facts,
		"nothing decided": at({"decided": 0, "since_accepted": 0, "best_score": null}),
		"no target": at({"target_score": null}),
		"no score yet": at({"best_score": null}),
		"just below patience": at({"since_accepted": 9}),
		"patience of the campaign": at({"patience": 30, "since_accepted": 29}),
		"just below the crash streak": at({"crash_streak": 4}),
		"just below the wall": at({"wall_seconds": 999}),
		"cap of the campaign not reached": at({"wall_seconds": 99, "wall_cap": 100}),
		"nearly spent": tokens(99),
		"as much in an hour as allowed": at({"hour": {"tokens": 30, "gpu_ms": 1000000}}),
		"nothing in an hour": object.union(object.remove(facts, {"hour"}), {"hour": {}}),
		"an account that data does not list": at({"accounts": {"sealed_queries": {"cap": 1, "spent": 1, "reserved": 0}}}),
	}
	got := decide(given)
	got.allow
	got.deny == []
	got.require == {"defaults": defaults, "in_flight": 7}
}

test_stop[note] if {
	some note, tc in {
		"requested": [at({"requested": true}), "STOP-REQUESTED", "requested"],
		"candidates": [at({"decided": 40}), "STOP-CANDIDATES", "candidates"],
		"more than the candidates": [at({"decided": 41}), "STOP-CANDIDATES", "candidates"],
		"target": [at({"best_score": 2.0}), "STOP-TARGET", "target"],
		"above the target": [at({"best_score": 3.0}), "STOP-TARGET", "target"],
		"budget": [tokens(100), "STOP-BUDGET", "budget:tokens"],
		"overspent": [at({"accounts": {"gpu_ms": {"cap": 0, "spent": 1, "reserved": 0}}}), "STOP-BUDGET", "budget:gpu_ms"],
		"patience": [at({"since_accepted": 10}), "STOP-PATIENCE", "patience"],
		"patience of the campaign": [at({"patience": 3}), "STOP-PATIENCE", "patience"],
		"rate": [at({"hour": {"tokens": 31}}), "STOP-RATE", "rate:tokens"],
		"rate of what may cost nothing": [at({"hour": {"cpu_ms": 1}}), "STOP-RATE", "rate:cpu_ms"],
		"crashes": [at({"crash_streak": 5}), "STOP-CRASHES", "crashes"],
		"wall": [at({"wall_seconds": 1000}), "STOP-WALL", "wall"],
		"wall of the campaign": [at({"wall_seconds": 100, "wall_cap": 100}), "STOP-WALL", "wall"],
	}
	got := decide(tc[0])
	not got.allow
	[[found.code, found.word] | some found in got.deny] == [[tc[1], tc[2]]]
	got.require == {"defaults": defaults, "in_flight": 7, "word": tc[2]}
}

test_denials_at_the_level_of_data if {
	got := decide(at({"denial_streak": 4}))
	got.allow
	[found.code | some found in got.warn] == ["STOP-DENIALS"]
	not "word" in object.keys(got.require)
}

test_denials_by_default[note] if {
	some note, tc in {"below": [3, []], "at": [4, ["STOP-DENIALS"]]}
	got := stop.decision with input as at({"denial_streak": tc[0]}) with data.ratchet.local as {}
		with data.ratchet.stop.defaults as defaults
		with data.ratchet.stop.levels as {}
	[found.code | some found in got.deny] == tc[1]
}

test_reasons_come_in_the_order_of_data if {
	got := decide(object.union(tokens(100), {"decided": 40, "requested": true, "since_accepted": 10}))
	[found.word | some found in got.deny] == ["requested", "candidates", "budget:tokens", "patience"]
	got.require.word == "requested"
}

test_malformed[note] if {
	some note, given in {
		"empty": {},
		"requested is text": at({"requested": "no"}),
		"negative": at({"decided": -1}),
		"extra": at({"more": 1}),
	}
	got := decide(given)
	[found.code | some found in got.deny] == ["INPUT"]
	not got.allow
}

test_no_input_no_permission if {
	got := stop.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_not_proven[note] if {
	some note, given in {"requested": at({"requested": true}), "candidates": at({"decided": 40})}
	got := stop.decision with input as given with data.ratchet.local as {}
		with data.ratchet.stop.defaults as defaults
		with data.ratchet.stop.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
}

test_emptied_data_opens_nothing if {
	got := stop.decision with input as facts with data.ratchet.local as {} with data.ratchet.stop.defaults as {} with data.ratchet.stop.levels as {}
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := stop.decision with input as facts
		with data.ratchet.stop.defaults as defaults
		with data.ratchet.local as {"stop": {"deny": {"It is Sunday."}}}
	not got.allow
	[[found.msg, found.word] | some found in got.deny] == [["It is Sunday.", "policy"]]
	got.require.word == "policy"
}
