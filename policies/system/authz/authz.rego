# METADATA
# scope: package
# title: Who may ask this server what
# description: >-
#   The holder of the query token may ask the decisions, by POST, and nothing else: no policy or data can be read or
#   written, no query of one's own be run. The server is given the token's hash at `data.access.token_sha256`.
package system.authz

default allow := false

questions := {"edit", "budget", "stop", "sandbox", "model", "promote", "override", "genome"}

# METADATA
# title: Decisions, for the holder of the token
allow if {
	input.method == "POST"
	input.path == ["v1", "data", "ratchet", input.path[3], "decision"]
	input.path[3] in questions
	known_token
}

# METADATA
# title: Health, for everybody
allow if {
	input.method == "GET"
	input.path == ["health"]
}

known_token if {
	is_string(input.identity)
	count(data.access.token_sha256) == 64
	crypto.sha256(input.identity) == data.access.token_sha256
}
