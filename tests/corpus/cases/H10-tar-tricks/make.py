"""Members that an unpacker would write where they say."""

import io
import tarfile


def raw() -> list[bytes]:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, kind in (
            ("../up", tarfile.REGTYPE),
            ("/tmp/ratchet-corpus-ran", tarfile.REGTYPE),
            ("l", tarfile.SYMTYPE),
            ("d", tarfile.CHRTYPE),
        ):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/shadow"
            archive.addfile(member)
    return [out.getvalue()]
