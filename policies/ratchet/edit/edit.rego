# METADATA
# scope: package
# title: May this edit be judged, kept and run
# description: >-
#   Asked once for each proposed edit, before anything of it runs. Paths come canonical and split into segments.
# schemas:
#   - input: schema.edit.data
package ratchet.edit

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "changed", "clean", "paths", "modes", "unprotected", "editable"},
	"proven": proven,
	"require": {},
	"hold": false,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.edit)

default own_rules := set()

own_rules := data.ratchet.local.edit.deny

# What must hold for every edit, whatever the levels in data say.

proven contains "settings" if lib.settled("edit")

proven contains "changed" if count(input.changes) > 0

proven contains "clean" if count(input.unsafe) == 0

proven contains "paths" if {
	every change in input.changes {
		sound(change)
	}
}

proven contains "modes" if {
	every change in input.changes {
		plain(change)
	}
}

proven contains "unprotected" if {
	every change in input.changes {
		not protected(change.segments, input.target.kind)
		not lib.matches_any(input.target.protected, change.path)
	}
}

proven contains "editable" if {
	every change in input.changes {
		editable(change.path)
	}
}

# What data says about this target: its own entry over the entry `default`.

own := object.union(data.ratchet.edit.targets["default"], object.get(data.ratchet.edit.targets, input.target.name, {}))

bounds := object.union(data.ratchet.edit.limits, object.get(own, "limits", {}))

within_bound(name, value) if lib.within(value, bounds[name])

sound(change) if {
	change.path == concat("/", change.segments)
	count(change.path) <= 240
	count(change.segments) > 0
	count(change.segments) <= 20
	every segment in change.segments {
		regex.match(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`, segment)
		not endswith(segment, ".")
		not device(segment)
	}
}

# Names that are no files on some systems, whatever the ending.
device(segment) if regex.match(`^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$`, lower(segment))

plain(change) if change.op == "delete"

plain(change) if {
	change.op in {"add", "modify"}
	change.mode in {"100644", "100755"}
}

editable(path) if {
	lib.matches_any(input.target.editable, path)
	lib.matches_any(own.editable, path)
}

# METADATA
# title: Empty edit
# description: There is nothing to judge.
# custom:
#   code: EDIT-EMPTY
#   owner: safety
#   fixed: true
#   remedy: Propose at least one changed file.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, "", "The edit changes nothing.") if {
	count(input.changes) == 0
	count(input.unsafe) == 0
}

# METADATA
# title: Unsafe entry
# description: The host refused a path, a mode or a clash of names before the policy was asked.
# custom:
#   code: EDIT-UNSAFE
#   owner: safety
#   fixed: true
#   remedy: Use plain relative paths of letters, digits, `_`, `.` and `-`, and regular files only.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, entry.path, sprintf("Refused by the host: %s.", [entry.rule])) if {
	some entry in input.unsafe
}

# METADATA
# title: Unsound path
# description: A path that is not canonical may be read differently by two programs.
# custom:
#   code: EDIT-PATH
#   owner: safety
#   fixed: true
#   remedy: Use plain relative paths of letters, digits, `_`, `.` and `-`, at most 20 parts and 240 bytes.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "The path is not plain.") if {
	some change in input.changes
	not sound(change)
}

# METADATA
# title: Twin names
# description: Two paths that differ only in case are one file on some file systems.
# custom:
#   code: EDIT-TWIN
#   owner: safety
#   fixed: true
#   remedy: Rename one of the two.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, sprintf("Differs only in case from %s.", [other.path])) if {
	some change in input.changes
	some other in input.changes
	change.path < other.path
	lower(change.path) == lower(other.path)
}

# METADATA
# title: Not a regular file
# description: Links, submodules, devices and special bits reach outside of the tree.
# custom:
#   code: EDIT-MODE
#   owner: safety
#   fixed: true
#   remedy: Use regular files of mode 100644 or 100755.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, sprintf("Mode %s is not allowed.", [change.mode])) if {
	some change in input.changes
	not plain(change)
}

# METADATA
# title: Protected file
# description: What judges, gates, pays for or builds a candidate is never the candidate's to change.
# custom:
#   code: EDIT-PROTECTED
#   owner: safety
#   fixed: true
#   remedy: Leave the file as it is. Only people change it, outside of a campaign.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "The file is protected everywhere.") if {
	some change in input.changes
	protected(change.segments, input.target.kind)
}

# METADATA
# title: File protected by the target
# description: The target's own list of files that belong to its judge.
# custom:
#   code: EDIT-TARGET-PROTECTED
#   owner: safety
#   fixed: true
#   remedy: Leave the file as it is; see `protected` in the target's target.toml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "The target protects this file.") if {
	some change in input.changes
	lib.matches_any(input.target.protected, change.path)
}

# METADATA
# title: Outside of the editable paths
# description: Editable is what both the target and this policy's data allow.
# custom:
#   code: EDIT-OUTSIDE
#   owner: safety
#   fixed: true
#   remedy: Edit only paths that `editable` in target.toml and `targets` in policies/ratchet/edit/data.yaml both match.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "The path is not editable.") if {
	some change in input.changes
	not editable(change.path)
}

# METADATA
# title: Forbidden path
# description: Data forbids this path for the target, although the target would let it be edited.
# custom:
#   code: EDIT-FORBIDDEN
#   owner: operator
#   remedy: Leave the file as it is; see `forbidden` in policies/ratchet/edit/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "The policy forbids this path.") if {
	some change in input.changes
	lib.matches_any(own.forbidden, change.path)
}

# METADATA
# title: Frozen target
# description: Nothing of this target may change at present.
# custom:
#   code: EDIT-FROZEN
#   owner: operator
#   remedy: Set `frozen` to false for the target in policies/ratchet/edit/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, "", sprintf("The target %s is frozen.", [input.target.name])) if {
	not own.frozen == false
}

# METADATA
# title: Edit too large
# description: Small edits can be reviewed; each total has its own limit.
# custom:
#   code: EDIT-SIZE
#   owner: operator
#   remedy: Propose a smaller edit, or raise the limit in policies/ratchet/edit/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, "", msg) if {
	some name, value in {
		"files": input.totals.files,
		"bytes": input.totals.bytes,
		"lines": input.totals.added + input.totals.removed,
	}
	not within_bound(name, value)
	msg := sprintf("%d %s; the limit is %v.", [value, name, object.get(bounds, name, "not set")])
}

# METADATA
# title: File too large
# description: One file of the edit is larger than a file may be.
# custom:
#   code: EDIT-FILE-SIZE
#   owner: operator
#   remedy: Make the file smaller, or raise `file_bytes` in policies/ratchet/edit/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, msg) if {
	some change in input.changes
	not within_bound("file_bytes", change.size)
	msg := sprintf("%d bytes; the limit is %v.", [change.size, object.get(bounds, "file_bytes", "not set")])
}

# METADATA
# title: Kind of file
# description: Data may list the endings that the files of a target may have.
# custom:
#   code: EDIT-KIND
#   owner: operator
#   remedy: Use a listed ending, or add this one to `endings` in policies/ratchet/edit/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "Files with this ending are not allowed.") if {
	some change in input.changes
	change.op != "delete"
	count(own.endings) > 0
	not known_ending(change.path)
}

known_ending(path) if {
	some ending in own.endings
	endswith(path, ending)
}

# METADATA
# title: Binary file
# description: What cannot be read cannot be reviewed.
# custom:
#   code: EDIT-BINARY
#   owner: operator
#   remedy: Propose text files (UTF-8, no NUL bytes).
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, change.path, "The file is not text.") if {
	some change in input.changes
	not change.binary == false
}

# METADATA
# title: Secret in the edit
# description: Something that looks like a key or a password was added.
# custom:
#   code: EDIT-SECRET
#   owner: safety
#   remedy: Remove the secret, and replace it where it came from.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.edit.levels, secret.path, msg) if {
	some secret in input.secrets
	msg := sprintf("Line %d looks like a secret (%s).", [secret.line, secret.kind])
}
