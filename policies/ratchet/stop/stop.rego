# METADATA
# scope: package
# title: May another candidate start
# description: >-
#   Asked before each candidate. Allowed means go on; each finding is a reason to stop. They come in the order of data,
#   and `require.word` is the word of the first.
# schemas:
#   - input: schema.stop.data
package ratchet.stop

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := object.union(plain, {"deny": [entry[1] | some entry in ranked]}) if problems == set()

plain := lib.decision({
	"findings": found_all,
	"needs": {"settings", "not requested", "candidates left"},
	"proven": proven,
	"require": object.union({"defaults": data.ratchet.stop.defaults, "in_flight": data.ratchet.budget.in_flight}, reason),
	"hold": false,
})

problems := lib.errors(input, data.schemas.stop)

default own_rules := set()

own_rules := data.ratchet.local.stop.deny

found_all := deny | {object.union({"word": "policy"}, found) | some found in lib.local(own_rules)}

# What must hold, whatever the levels in data say.

proven contains "settings" if lib.settled("stop")

proven contains "not requested" if input.requested == false

proven contains "candidates left" if input.decided < input.candidates

# METADATA
# title: The reason that is shown
# description: The word of the first blocking finding; words that `order` in data does not list come last.
default reason := {}

reason := {"word": sort(words)[0][1]} if {
	words := {[rank(found.word), found.word] | some found in found_all; found.level in lib.blocking_levels}
	count(words) > 0
}

ranked := sort([[rank(object.get(found, "word", "")), found] | some found in plain.deny])

default rank(_) := 1000

rank(word) := min([place | some place, kind in data.ratchet.stop.order; kind == split(word, ":")[0]])

finding(rule, word, msg) := object.union(
	lib.finding(rule, data.ratchet.stop.levels, "", msg),
	{"word": word},
)

patience := input.patience if is_number(input.patience)

patience := data.ratchet.stop.defaults.patience if is_null(input.patience)

patient if input.since_accepted < patience

steady if input.crash_streak < data.ratchet.stop.defaults.crash_streak

obedient if input.denial_streak < data.ratchet.stop.defaults.denial_streak

# METADATA
# title: Stop requested
# description: A person asked for it.
# custom:
#   code: STOP-REQUESTED
#   owner: operator
#   fixed: true
#   remedy: Start a new campaign when you want to go on.
deny contains finding(rego.metadata.rule(), "requested", "A stop was requested.") if {
	not input.requested == false
}

# METADATA
# title: All candidates decided
# description: The number that the campaign asked for is reached.
# custom:
#   code: STOP-CANDIDATES
#   owner: operator
#   fixed: true
#   remedy: Start another campaign; it begins at the champion.
deny contains finding(rego.metadata.rule(), "candidates", msg) if {
	not "candidates left" in proven
	msg := sprintf("%d of %d candidates are decided.", [input.decided, input.candidates])
}

# METADATA
# title: Target reached
# description: The best score is at least the score that the campaign asked for.
# custom:
#   code: STOP-TARGET
#   owner: operator
#   remedy: Nothing to do. Set a higher `target_score` to go on.
deny contains finding(rego.metadata.rule(), "target", msg) if {
	is_number(input.target_score)
	input.best_score >= input.target_score
	msg := sprintf("The best score %v reaches %v.", [input.best_score, input.target_score])
}

# METADATA
# title: Budget used up
# description: One of the accounts listed in data is spent.
# custom:
#   code: STOP-BUDGET
#   owner: operator
#   remedy: Extend the budget (update `extend_budget`) before the campaign ends, or start another.
deny contains finding(rego.metadata.rule(), sprintf("budget:%s", [account]), msg) if {
	some account in data.ratchet.stop.accounts
	line := input.accounts[account]
	used_up(line)
	msg := sprintf("%d of %d %s are spent.", [line.spent, line.cap, account])
}

used_up(line) if {
	line.cap > 0
	line.spent >= line.cap
}

used_up(line) if line.spent > line.cap

# METADATA
# title: Spending too fast
# description: Within one hour the campaign spent more of an account than data allows; a person should look.
# custom:
#   code: STOP-RATE
#   owner: operator
#   remedy: Find out what costs so much, then start another campaign; `rate` in policies/ratchet/stop/data.yaml is the limit.
deny contains finding(rego.metadata.rule(), sprintf("rate:%s", [account]), msg) if {
	some account, most in data.ratchet.stop.rate
	spent := object.get(input.hour, account, 0)
	not lib.within(spent, most)
	msg := sprintf("%d %s were spent within an hour; the limit is %v.", [spent, account, most])
}

# METADATA
# title: Patience lost
# description: No candidate was accepted for a long time. Inconclusive ones are not counted.
# custom:
#   code: STOP-PATIENCE
#   owner: operator
#   remedy: Raise `patience`, or try another model or strategy.
deny contains finding(rego.metadata.rule(), "patience", msg) if {
	not patient
	msg := sprintf("%d decided candidates since the last acceptance.", [input.since_accepted])
}

# METADATA
# title: Too many failures in a row
# description: Candidates fail or are killed one after the other; more of them would waste the budget.
# custom:
#   code: STOP-CRASHES
#   owner: operator
#   remedy: Look at the last candidates' logs; `crash_streak` in policies/ratchet/stop/data.yaml is the limit.
deny contains finding(rego.metadata.rule(), "crashes", msg) if {
	not steady
	msg := sprintf("%d candidates in a row crashed.", [input.crash_streak])
}

# METADATA
# title: Too many denials in a row
# description: The proposer keeps asking for what policy refuses; a person should look.
# custom:
#   code: STOP-DENIALS
#   owner: safety
#   remedy: Look at the denied candidates; `denial_streak` in policies/ratchet/stop/data.yaml is the limit.
deny contains finding(rego.metadata.rule(), "denials", msg) if {
	not obedient
	msg := sprintf("%d candidates in a row were denied.", [input.denial_streak])
}

# METADATA
# title: Time over
# description: The campaign ran for as long as it may, by its own cap or by data.
# custom:
#   code: STOP-WALL
#   owner: operator
#   remedy: Start another campaign, or raise `wall_seconds`.
deny contains finding(rego.metadata.rule(), "wall", msg) if {
	some cap in {input.wall_cap, data.ratchet.stop.defaults.wall_seconds}
	is_number(cap)
	input.wall_seconds >= cap
	msg := sprintf("The campaign ran for %v of %v seconds.", [input.wall_seconds, cap])
}
