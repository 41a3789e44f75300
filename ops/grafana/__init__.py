"""The Grafana dashboard as code: edit the rows here, then run `python -m ops.grafana.generate`."""
