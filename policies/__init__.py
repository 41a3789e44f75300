"""The policy bundle (Rego, data, schemas) and the code that builds and checks it."""
