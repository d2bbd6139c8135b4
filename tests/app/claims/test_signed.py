"""The pack of a signed version: it holds what was signed, to the byte, whatever changed since."""

from pathlib import Path
from typing import Any

import pytest

from app.claims.pack import Pack, make_pack
from app.claims.verification import PackRefusedError, verify_pack
from app.claims.versions import Asked
from app.models import Laboratory
from app.platform.database import Transactions, reading, transaction
from app.versions.canonical import content_sha256
from app.versions.reading import mapping_content
from tests.app.claims.forging import changed, opened, rebuilt, zipped
from tests.app.versions.conftest import FINESS_EJ, FINESS_ET, RPPS, Approved, Signing, approved, desk, signing

__all__ = ["approved", "desk", "signing"]


def made(signing: Signing, path: Path, **asked: Any) -> Pack:
    desk = signing.desk
    catalogue = desk.access().catalogue
    return make_pack(Transactions(desk.engine), desk.settings, desk.world.laboratory, catalogue,
                     lambda file, _pack: path.write_bytes(file.read_bytes()), asked=Asked(**asked))  # fmt: skip


def test_the_number_typed_to_sign_is_that_of_a_laboratory_without_any(
    signing: Signing, approved: Approved, tmp_path: Path
) -> None:
    with transaction(signing.desk.engine) as session:
        session.get_one(Laboratory, signing.desk.world.laboratory_id).finess = ""
    approved(signing.desk.sodium)
    signing.sign()
    path = tmp_path / "signe.zip"
    pack = made(signing, path)
    assert verify_pack(path, pack.fingerprint).facts.state["finess"] == ""
    for name in ("attestation.txt", "LISEZMOI.txt"):
        said = opened(path)[name].decode()
        assert f"FINESS : EJ {FINESS_EJ}, ET {FINESS_ET} (selon la signature)" in said


def test_a_pack_follows_the_signature(signing: Signing, approved: Approved, tmp_path: Path) -> None:
    draft, signed, later = (tmp_path / name for name in ("projet.zip", "signe.zip", "ensuite.zip"))
    approved(signing.desk.sodium)
    assert not made(signing, draft).is_signed
    signature = signing.sign()
    pack = made(signing, signed)
    assert pack.is_signed
    assert "PROJET" not in pack.name
    verdict = verify_pack(signed, pack.fingerprint)
    state = verdict.facts.state
    assert state["version_label"] == signing.state().label
    assert state["content_sha256"] == signature.mapping_sha256
    with reading(signing.desk.engine) as session:
        content = mapping_content(session, signing.desk.catalogue_id, state["release_version"])
    contents = opened(signed)
    assert contents["contenu/transcodage.jsonl"] == content
    assert content_sha256(content) == state["content_sha256"]
    assert signature.sentence in contents["faits/signatures.csv"].decode().replace('""', '"')
    assert f"RPPS {RPPS}" in contents["attestation.txt"].decode()
    assert "PROJET" not in contents["attestation.txt"].decode()
    assert not any("PROJET" in name for name in contents)
    # A signature that is not in force any more, or of something else, makes no signed pack.
    forged = rebuilt(changed(signed, "faits/signatures.csv",
                             lambda b: b.replace(signature.mapping_sha256.encode(), b"0" * 64)))  # fmt: skip
    other = tmp_path / "faux.zip"
    other.write_bytes(zipped(forged))
    with pytest.raises(PackRefusedError, match="faits/signatures"):
        verify_pack(other)
    said = state["version_label"].encode()
    forged = rebuilt(changed(signed, "faits/state.csv", lambda b: b.replace(said, said + " et certifiée".encode())))
    other.write_bytes(zipped(forged))
    with pytest.raises(PackRefusedError, match="ne dit pas sa version"):
        verify_pack(other)
    name = signature.signer_name.encode()
    both = changed(signed, "faits/signatures.csv", lambda b: b.replace(name, b"Une autre"))
    both["faits/state.csv"] = both["faits/state.csv"].replace(name, b"Une autre")
    other.write_bytes(zipped(rebuilt(both)))
    with pytest.raises(PackRefusedError, match="« name » n'est pas le texte auquel la chaîne"):
        verify_pack(other)
    for change in (
        lambda b: b.replace(RPPS.encode(), RPPS[::-1].encode()),
        lambda b: b.replace(signature.title.encode(), b"Directrice"),
        lambda b: b.replace(b"ai relu et valide", b"ai relu tout et valide"),
        lambda b: b.replace(b";;\r\n", f";{state['stated_at']};Erreur\r\n".encode()),
        lambda b: b[: b.index(b"\r\n") + 2],
    ):
        other.write_bytes(zipped(rebuilt(changed(signed, "faits/signatures.csv", change))))
        with pytest.raises(PackRefusedError, match=r"faits/signatures|faits\.jsonl"):
            verify_pack(other)
    approved(signing.desk.glucose)
    after = made(signing, later)
    assert (after.fingerprint, after.version, after.changes_since) == (pack.fingerprint, 1, 2)
    assert "2 changements faits depuis n’y sont pas" in after.sentence
    assert later.read_bytes() == signed.read_bytes()
    assert not made(signing, later, draft=True).is_signed
    assert verify_pack(later).facts.state["version_label"].startswith("PROJET : modifiée depuis la version 1")
