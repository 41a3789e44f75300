# METADATA
# scope: package
# title: May this container be created
# description: >-
#   Asked with the whole description of a container before it is created. What the description cannot express (networks,
#   capabilities, privileges) is fixed in `sandbox/` and asserted there.
# schemas:
#   - input: schema.sandbox.data
package ratchet.sandbox

import data.ratchet.lib

default decision := {"schema": 1, "allow": false, "deny": [], "warn": [], "require": {}, "decision_id": "", "revision": ""}

decision := lib.malformed(problems) if count(problems) > 0

decision := lib.decision({
	"findings": (deny | lib.local(own_rules)),
	"needs": {"settings", "role", "image", "user", "mounts", "devices"},
	"proven": proven,
	"require": {"pool": data.ratchet.sandbox.pool},
	"hold": false,
}) if {
	problems == set()
}

problems := lib.errors(input, data.schemas.sandbox)

default own_rules := set()

own_rules := data.ratchet.local.sandbox.deny

# What must hold for every container, whatever the levels in data say.

proven contains "settings" if lib.settled("sandbox")

proven contains "role" if {
	input.role == input.spec.role
	is_object(role)
}

proven contains "image" if pinned_image

proven contains "user" if plain_user

proven contains "mounts" if {
	every mount in input.spec.mounts {
		sound_mount(mount)
	}
}

proven contains "devices" if {
	every path in input.spec.devices.paths {
		leased(path)
	}
}

role := data.ratchet.sandbox.roles[input.role]

pinned_image if regex.match(`^sha256:[0-9a-f]{64}$`, input.spec.image)

plain_user if regex.match(`^[1-9][0-9]{2,9}:[1-9][0-9]{2,9}$`, input.spec.user)

# METADATA
# title: A mount that shows nothing of the host's own
# description: Neither the engine's socket nor system folders; written to only where the role may.
sound_mount(mount) if {
	startswith(mount.source, "/")
	startswith(mount.target, "/")
	count({part | some part in split(concat("/", [mount.source, mount.target]), "/"); part in {"..", "."}}) == 0
	not below_any(mount.source, host_folders)
	not below_any(mount.target, closed_folders)
	not endswith(mount.source, "docker.sock")
	may_write(mount)
}

may_write(mount) if mount.read_only

may_write(mount) if lib.matches_any(role.writable, mount.target)

host_folders := {"/proc", "/sys", "/dev", "/etc", "/boot", "/var/run", "/var/lib/docker"}

closed_folders := host_folders | {"/usr", "/bin", "/sbin", "/lib", "/lib64"}

below_any("/", _)

below_any(path, folders) if {
	some folder in folders
	startswith(concat("", [path, "/"]), concat("", [folder, "/"]))
}

leased(path) if {
	input.gpu
	data.ratchet.sandbox.gpu.allowed == true
	lib.matches_any(data.ratchet.sandbox.gpu.devices, path)
}

# METADATA
# title: Unknown role
# description: A container proposes, runs or judges, and its description says the same.
# custom:
#   code: SANDBOX-ROLE
#   owner: safety
#   fixed: true
#   remedy: Use a role of policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "role", msg) if {
	not "role" in proven
	msg := sprintf("Role %q, description of a %q.", [input.role, input.spec.role])
}

# METADATA
# title: Image not pinned
# description: A tag may point to another image tomorrow.
# custom:
#   code: SANDBOX-IMAGE
#   owner: safety
#   fixed: true
#   remedy: Name the image by its id, sha256 and 64 hex digits.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "image", msg) if {
	not pinned_image
	msg := sprintf("The image %q is not an id.", [input.spec.image])
}

# METADATA
# title: Image not allowed
# description: Data may list the only images that containers are made of.
# custom:
#   code: SANDBOX-IMAGE-LIST
#   owner: operator
#   remedy: Use a listed image, or add this one to `images` in policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "image", msg) if {
	count(data.ratchet.sandbox.images) > 0
	not listed_image
	msg := sprintf("The image %q is not listed.", [input.spec.image])
}

# METADATA
# title: Privileged user
# description: Containers run as a user without rights on the host.
# custom:
#   code: SANDBOX-USER
#   owner: safety
#   fixed: true
#   remedy: Use numeric ids of 100 or more, such as 65534 and 65534.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "user", msg) if {
	not plain_user
	msg := sprintf("The user %q is not allowed.", [input.spec.user])
}

# METADATA
# title: Runtime not allowed
# description: Data lists the runtimes of each role.
# custom:
#   code: SANDBOX-RUNTIME
#   owner: operator
#   remedy: Use a listed runtime; see `roles` in policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "runtime", msg) if {
	not known_runtime
	msg := sprintf("The runtime %q is not allowed for %s.", [input.spec.runtime, input.role])
}

# METADATA
# title: Limit above its ceiling
# description: Data sets the most that a container of each role may use.
# custom:
#   code: SANDBOX-LIMIT
#   owner: operator
#   remedy: Ask for less, or raise the role's ceiling in policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, name, msg) if {
	some name, value in asked
	not within_ceiling(name, value)
	msg := sprintf("%s is %v; the ceiling for %s is %v.", [name, value, input.role, ceiling(name)])
}

default ceiling(_) := "nothing"

ceiling(name) := role.limits[name]

listed_image if input.spec.image in data.ratchet.sandbox.images

known_runtime if input.spec.runtime in role.runtimes

within_ceiling(name, value) if lib.within(value, role.limits[name])

asked := object.union(object.remove(input.spec.limits, {"tmpfs"}), {"tmpfs_bytes": sum([
size |
	some size in input.spec.limits.tmpfs
])})

# METADATA
# title: Mount not allowed
# description: Containers see their own files only, and write only to where their answer goes.
# custom:
#   code: SANDBOX-MOUNT
#   owner: safety
#   fixed: true
#   remedy: Mount plain files below the state folder; writable ones only where `writable` of the role in data.yaml says.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, mount.target, msg) if {
	some mount in input.spec.mounts
	not sound_mount(mount)
	msg := sprintf("The mount at %s is not allowed.", [mount.target])
}

# METADATA
# title: Device without a lease
# description: Devices are mapped for leased GPUs only, and only where data allows GPUs at all.
# custom:
#   code: SANDBOX-DEVICE
#   owner: safety
#   fixed: true
#   remedy: Set `gpu.allowed` in policies/ratchet/sandbox/data.yaml, and let the lease name the devices.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, path, msg) if {
	some path in input.spec.devices.paths
	not leased(path)
	msg := sprintf("The device %s is not leased.", [path])
}

# METADATA
# title: GPU not allowed
# description: The step asks for a GPU while data allows none.
# custom:
#   code: SANDBOX-GPU
#   owner: operator
#   remedy: Set `gpu.allowed` in policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "gpu", "GPUs are not allowed here.") if {
	not input.gpu == false
	not data.ratchet.sandbox.gpu.allowed == true
}

# METADATA
# title: Too many GPUs
# description: A candidate gets the GPU of its lease; several at once, or all of them, are for a second person to grant.
# custom:
#   code: SANDBOX-GPU-MANY
#   owner: operator
#   remedy: Ask for fewer, have it overridden for this candidate, or raise `gpu.most` in policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, "devices", msg) if {
	not few_gpus
	msg := sprintf("%d GPUs; %v are allowed.", [count(gpus), data.ratchet.sandbox.gpu.most])
}

few_gpus if lib.within(count(gpus), data.ratchet.sandbox.gpu.most)

# Nodes that stand for one GPU each; the others (/dev/kfd, /dev/nvidiactl) are shared by all.
gpus := {path | some path in input.spec.devices.paths; regex.match(`^/dev/(dri/renderD|nvidia)[0-9]+$`, path)}

# METADATA
# title: Variable not allowed
# description: No loader settings and nothing that looks like a secret goes into a container.
# custom:
#   code: SANDBOX-ENV
#   owner: safety
#   remedy: Leave the variable out; see `forbidden_env` in policies/ratchet/sandbox/data.yaml.
deny contains lib.finding(rego.metadata.rule(), data.ratchet.sandbox.levels, name, msg) if {
	some name, _ in input.spec.env
	some pattern in data.ratchet.sandbox.forbidden_env
	glob.match(pattern, null, upper(name))
	msg := sprintf("The variable %s is not allowed.", [name])
}
