# Files that no candidate may touch: judge, policy, budgets, CI, images, test-runner and interpreter hooks, lock files.
# They are denied inside any allowed glob. `daemon/paths.py` holds the same list and never reads this one; a test keeps
# the two alike. All names are compared in lower case.
package ratchet.edit

protected_names := {
	"target.toml", "evaluator.py", # what judges
	"conftest.py", "pytest.ini", "pytest.toml", "tox.ini", "tox.toml", "setup.cfg", "setup.py", # what runs tests
	"pyproject.toml", "noxfile.py",
	"sitecustomize.py", "usercustomize.py", # what Python runs unasked
	"jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", "appveyor.yml", # what CI runs
	"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "go.sum", "conda-lock.yml", # what is installed
}

# Parts of a path, folder or file.
protected_parts := {"judge", "evaluator", "policy", "policies", "budget", "budgets", "__pycache__"}

protected_globs := [
	"*.pth", "*.pyc", "*.rego", "*.lock", "requirements*.txt", "constraints*.txt",
	"dockerfile*", "*.dockerfile", "containerfile*", "docker-compose*", "compose.yaml", "compose.yml",
	"budget*.yaml", "budget*.yml", "budget*.toml", "budget*.json",
]

protected_part_globs := ["*.egg-info", "*.dist-info", ".*"]

# Top-level folders of this project: closed when the thing improved is the agent itself.
trusted_folders := {"daemon", "workflows", "sandbox", "policies", "ops", "tests", "kernels"}

# METADATA
# title: Whether a path is protected
# description: "`segments` in any case; `kind` is the target's kind."
protected(segments, _) if lower(segments[count(segments) - 1]) in protected_names

protected(segments, _) if {
	some pattern in protected_globs
	glob.match(pattern, null, lower(segments[count(segments) - 1]))
}

protected(segments, _) if {
	some segment in segments
	lower(segment) in protected_parts
}

protected(segments, _) if {
	some segment in segments
	some pattern in protected_part_globs
	glob.match(pattern, null, lower(segment))
}

protected(segments, "genome") if {
	lower(segments[0]) in trusted_folders
	array.slice(segments, 0, 2) != ["daemon", "agent"]
}
