"""What a careless reader would run."""

import io
import os
import pickle
import zipfile

ORDER = "touch /tmp/ratchet-corpus-ran"


class Loaded:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (ORDER,)


def raw() -> list[bytes]:
    torch = io.BytesIO()
    with zipfile.ZipFile(torch, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Loaded()))
        archive.writestr("archive/version", "3")
    return [pickle.dumps(Loaded()), torch.getvalue(), f"!!python/object/apply:os.system ['{ORDER}']".encode()]
