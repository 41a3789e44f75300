package system.authz_test

import data.system.authz

ask := {"method": "POST", "path": ["v1", "data", "ratchet", "edit", "decision"], "identity": "token"}

allowed(request) if {
	authz.allow with input as request with data.access.token_sha256 as crypto.sha256("token")
}

test_the_holder_may_ask_each_question[question] if {
	some question in {"edit", "budget", "stop", "sandbox", "model", "promote", "override", "genome"}
	allowed(object.union(ask, {"path": ["v1", "data", "ratchet", question, "decision"]}))
}

test_everybody_may_ask_for_health if allowed({"method": "GET", "path": ["health"]})

test_refused[note] if {
	some note, request in {
		"other token": object.union(ask, {"identity": "token2"}),
		"no token": object.remove(ask, {"identity"}),
		"token is a number": object.union(ask, {"identity": 1}),
		"write": object.union(ask, {"method": "PUT"}),
		"read": object.union(ask, {"method": "GET"}),
		"another rule": object.union(ask, {"path": ["v1", "data", "ratchet", "edit", "deny"]}),
		"whole package": object.union(ask, {"path": ["v1", "data", "ratchet", "edit"]}),
		"another package": object.union(ask, {"path": ["v1", "data", "ratchet", "lib", "decision"]}),
		"the token's hash": object.union(ask, {"path": ["v1", "data", "access"]}),
		"query": object.union(ask, {"path": ["v1", "query"]}),
		"policies": {"method": "GET", "path": ["v1", "policies"], "identity": "token"},
		"nothing": {},
		"write to health": {"method": "PUT", "path": ["health"]},
	}
	not allowed(request)
}

test_nobody_is_let_in_without_a_token_hash if {
	not authz.allow with input as ask with data.access.token_sha256 as ""
	not authz.allow with input as object.union(ask, {"identity": ""}) with data.access.token_sha256 as ""
}
