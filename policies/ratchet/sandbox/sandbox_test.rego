package ratchet.sandbox_test

import data.ratchet.sandbox

limits := {
	"memory_bytes": 100, "cpus": 2, "pids": 10, "nofile": 10, "fsize_bytes": 10, "wall_seconds": 10,
	"output_bytes": 10, "tmpfs_bytes": 20,
}

roles := {"run": {"runtimes": ["runc", "runsc"], "writable": ["/io/out"], "limits": limits}}

image := "sha256:0000000000000000000000000000000000000000000000000000000000000000"

spec := {
	"role": "run", "name": "n", "image": image, "command": ["true"], "env": {"LANG": "C"},
	"mounts": [
		{"source": "/srv/state/tree", "target": "/candidate", "read_only": true},
		{"source": "/srv/state/out", "target": "/io/out", "read_only": false},
	],
	"limits": {
		"memory_bytes": 100, "cpus": 2, "pids": 10, "nofile": 10, "fsize_bytes": 10, "wall_seconds": 10,
		"output_bytes": 10, "tmpfs": {"/tmp": 5, "/work": 15},
	},
	"user": "65534:65534", "cpuset": "", "runtime": "runc", "devices": {"paths": [], "groups": []}, "labels": {},
}

facts := {"decision_id": "d", "campaign": "c", "candidate": "c-c1", "role": "run", "spec": spec, "gpu": false}

with_spec(more) := object.union(facts, {"spec": object.union(spec, more)})

with_limit(more) := with_spec({"limits": object.union(spec.limits, more)})

with_mount(source, target, read_only) := with_spec({"mounts": [{"source": source, "target": target, "read_only": read_only}]})

with_device(path) := object.union(with_spec({"devices": {"paths": [path], "groups": [44]}}), {"gpu": true})

decide(given, gpus) := got if {
	got := sandbox.decision with input as given with data.ratchet.local as {}
		with data.ratchet.sandbox.roles as roles
		with data.ratchet.sandbox.images as []
		with data.ratchet.sandbox.gpu as {"allowed": gpus, "most": 1, "devices": ["/dev/kfd", "/dev/dri/renderD*", "/dev/nvidia*"]}
		with data.ratchet.sandbox.forbidden_env as ["LD_*", "*API_KEY*"]
		with data.ratchet.sandbox.levels as {}
}

verdict(given, gpus) := [got.allow, sort({found.code | some found in got.deny})] if got := decide(given, gpus)

codes(given, gpus) := sort({found.code | some found in decide(given, gpus).deny})

test_allowed[note] if {
	some note, given in {
		"plain": facts,
		"gvisor": with_spec({"runtime": "runsc"}),
		"no mounts": with_spec({"mounts": []}),
		"less": with_limit({"memory_bytes": 1, "cpus": 0.5}),
		"a folder named like a system one": with_mount("/srv/etc/x", "/x", true),
		"a source among programs": with_mount("/usr/share/ratchet/target", "/target", true),
		"a leased device": with_device("/dev/dri/renderD128"),
		"what all GPUs share": object.union(
			with_spec({"devices": {"paths": ["/dev/kfd", "/dev/dri/renderD128"], "groups": [44]}}),
			{"gpu": true},
		),
	}
	verdict(given, true) == [true, []]
}

test_denied[note] if {
	some note, tc in {
		"unknown role": [object.union(with_spec({"role": "root"}), {"role": "root"}), ["SANDBOX-LIMIT", "SANDBOX-MOUNT", "SANDBOX-ROLE", "SANDBOX-RUNTIME"]],
		"role differs": [with_spec({"role": "judge"}), ["SANDBOX-ROLE"]],
		"tag": [with_spec({"image": "ratchet:latest"}), ["SANDBOX-IMAGE"]],
		"short id": [with_spec({"image": "sha256:00"}), ["SANDBOX-IMAGE"]],
		"root": [with_spec({"user": "0:0"}), ["SANDBOX-USER"]],
		"group of root": [with_spec({"user": "65534:0"}), ["SANDBOX-USER"]],
		"named user": [with_spec({"user": "nobody"}), ["SANDBOX-USER"]],
		"no user": [with_spec({"user": ""}), ["SANDBOX-USER"]],
		"runtime": [with_spec({"runtime": "crun"}), ["SANDBOX-RUNTIME"]],
		"memory": [with_limit({"memory_bytes": 101}), ["SANDBOX-LIMIT"]],
		"cpus": [with_limit({"cpus": 2.1}), ["SANDBOX-LIMIT"]],
		"processes": [with_limit({"pids": 11}), ["SANDBOX-LIMIT"]],
		"files": [with_limit({"nofile": 11}), ["SANDBOX-LIMIT"]],
		"file size": [with_limit({"fsize_bytes": 11}), ["SANDBOX-LIMIT"]],
		"time": [with_limit({"wall_seconds": 11}), ["SANDBOX-LIMIT"]],
		"output": [with_limit({"output_bytes": 11}), ["SANDBOX-LIMIT"]],
		"tmpfs together": [with_limit({"tmpfs": {"/work": 16}}), ["SANDBOX-LIMIT"]],
		"engine's socket": [with_mount("/srv/docker.sock", "/s", true), ["SANDBOX-MOUNT"]],
		"whole host": [with_mount("/", "/host", true), ["SANDBOX-MOUNT"]],
		"over the root": [with_mount("/srv/x", "/", true), ["SANDBOX-MOUNT"]],
		"over a host's folder": [with_mount("/srv/x", "/proc/self", true), ["SANDBOX-MOUNT"]],
		"system folder": [with_mount("/etc/shadow", "/s", true), ["SANDBOX-MOUNT"]],
		"system folder itself": [with_mount("/proc", "/p", true), ["SANDBOX-MOUNT"]],
		"over a system folder": [with_mount("/srv/x", "/usr/bin", true), ["SANDBOX-MOUNT"]],
		"climbing source": [with_mount("/srv/../etc", "/x", true), ["SANDBOX-MOUNT"]],
		"climbing target": [with_mount("/srv/x", "/x/../etc", true), ["SANDBOX-MOUNT"]],
		"relative source": [with_mount("srv/x", "/x", true), ["SANDBOX-MOUNT"]],
		"relative target": [with_mount("/srv/x", "x", true), ["SANDBOX-MOUNT"]],
		"writable elsewhere": [with_mount("/srv/x", "/candidate", false), ["SANDBOX-MOUNT"]],
		"loader variable": [with_spec({"env": {"LD_PRELOAD": "x"}}), ["SANDBOX-ENV"]],
		"key": [with_spec({"env": {"Openai_Api_Key": "x"}}), ["SANDBOX-ENV"]],
		"another device": [with_device("/dev/sda"), ["SANDBOX-DEVICE"]],
		"all devices": [with_device("/dev/dri"), ["SANDBOX-DEVICE"]],
		"two GPUs": [
			object.union(
				with_spec({"devices": {"paths": ["/dev/kfd", "/dev/dri/renderD128", "/dev/dri/renderD129"], "groups": []}}),
				{"gpu": true},
			),
			["SANDBOX-GPU-MANY"],
		],
		"two GPUs of the other maker": [
			object.union(with_spec({"devices": {"paths": ["/dev/nvidia0", "/dev/nvidia1"], "groups": []}}), {"gpu": true}),
			["SANDBOX-GPU-MANY"],
		],
		"device without a GPU step": [object.union(with_device("/dev/kfd"), {"gpu": false}), ["SANDBOX-DEVICE"]],
	}
	verdict(tc[0], true) == [false, tc[1]]
}

test_gpus_not_allowed[note] if {
	some note, tc in {
		"device": [with_device("/dev/kfd"), ["SANDBOX-DEVICE", "SANDBOX-GPU"]],
		"step": [object.union(facts, {"gpu": true}), ["SANDBOX-GPU"]],
	}
	codes(tc[0], false) == tc[1]
}

test_data_says_how_much_may_wait if {
	got := sandbox.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.sandbox.roles as roles
		with data.ratchet.sandbox.pool as {"idle": 3, "seconds": 9}
	got.require == {"pool": {"idle": 3, "seconds": 9}}
}

test_images_of_a_list[note] if {
	some note, tc in {"listed": [[image], []], "not listed": [["sha256:1"], ["SANDBOX-IMAGE-LIST"]]}
	got := sandbox.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.sandbox.roles as roles
		with data.ratchet.sandbox.images as tc[0]
		with data.ratchet.sandbox.forbidden_env as []
		with data.ratchet.sandbox.levels as {}
	[found.code | some found in got.deny] == tc[1]
}

test_malformed[note] if {
	some note, given in {
		"empty": {},
		"network": with_spec({"network": "host"}),
		"privileged": with_spec({"privileged": true}),
		"limit missing": json.remove(facts, ["spec/limits/pids"]),
		"gpu is text": object.union(facts, {"gpu": "no"}),
	}
	verdict(given, true) == [false, ["INPUT"]]
}

test_no_input_no_permission if {
	got := sandbox.decision with input as 1 with data.ratchet.local as {}
	not got.allow
}

test_not_proven[note] if {
	some note, given in {
		"role": with_spec({"role": "judge"}),
		"image": with_spec({"image": "x"}),
		"user": with_spec({"user": "0:0"}),
		"mounts": with_mount("/", "/host", true),
		"devices": with_device("/dev/sda"),
	}
	got := sandbox.decision with input as given with data.ratchet.local as {}
		with data.ratchet.sandbox.roles as roles
		with data.ratchet.sandbox.deny as set()
	[found.code | some found in got.deny] == ["UNPROVEN"]
}

test_emptied_data_opens_nothing if {
	got := sandbox.decision with input as facts with data.ratchet.local as {}
		with data.ratchet.sandbox.roles as {}
		with data.ratchet.sandbox.levels as {}
	not got.allow
}

test_a_rule_of_one_s_own_is_heard if {
	got := sandbox.decision with input as facts
		with data.ratchet.local as {"sandbox": {"deny": {"It is Sunday."}}}
	not got.allow
	"It is Sunday." in {found.msg | some found in got.deny}
}
