"""The bytes of an engine: what took seconds to build, read again in a fraction of one.

They hold what the engine was built from too, so that nothing else is to be read. Who keeps them gives a key that says
what they were made from: bytes of another key, of another format, cut short or altered are refused, never believed.
"""

from matcher.compiled.index_sections import index_of, index_to_sections
from matcher.compiled.lexicon_sections import lexicon_of, lexicon_to_sections
from matcher.compiled.sections import Sections, pack, unpack
from matcher.engine import ENGINE_VERSION, Compiled, Engine

FORMAT = 9


def dump_engine(engine: Engine, key: str) -> bytes:
    """The index, the tables and the compiled lexicon of an engine; not its options, nor what else it knows."""
    index = index_to_sections(engine.index, engine.strengths.codes)
    lexicon = lexicon_to_sections(engine.tables, engine.parser.compiled)
    return pack(
        _sealed(key), Sections({**index.arrays, **lexicon.arrays}, {**index.values, **lexicon.values})
    )


def load_engine(content: bytes, key: str) -> Engine | None:
    """The engine of `dump_engine`; None when these are not, whole and unaltered, the bytes of this key and format."""
    sections = unpack(content, _sealed(key))
    if sections is None:
        return None
    index, codes = index_of(sections)
    tables, lexicon = lexicon_of(sections)
    return Engine(index, tables, compiled=Compiled(lexicon, codes))


def _sealed(key: str) -> str:
    return f"{FORMAT} {ENGINE_VERSION} {key}"
