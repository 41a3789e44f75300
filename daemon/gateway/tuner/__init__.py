"""The offline model `ratchet/tuner`: an honest tuner that applies one known edit to the files it is shown."""
