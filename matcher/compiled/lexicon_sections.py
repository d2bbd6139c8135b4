"""The tables and the compiled lexicon as sections; records and tables are written field by field, whatever they are."""

from dataclasses import fields
from itertools import chain

import numpy as np

from matcher.compiled.columns import frozen, records_of, records_to_sections
from matcher.compiled.sections import Sections
from matcher.lexicon import CompiledLexicon, Sense
from matcher.normalise.phrases import PhraseTable
from matcher.types import LexiconEntry, Tables

_ENTRY = frozenset({"entry"})
_TABLES = tuple(item.name for item in fields(Tables) if item.name != "lexicon")


def lexicon_to_sections(tables: Tables, compiled: CompiledLexicon) -> Sections:
    """The tables, and the senses of their lexicon under the expressions that they are read from."""
    filed = compiled.phrases.values
    senses = {id(sense): sense for sense in chain.from_iterable(filed.values())}
    place_of = {identity: place for place, identity in enumerate(senses)}
    entry_of: dict[LexiconEntry, int] = {}
    for place, entry in enumerate(tables.lexicon):
        entry_of.setdefault(entry, place)
    entries = records_to_sections("entry", tables.lexicon, LexiconEntry)
    columns = records_to_sections("sense", list(senses.values()), Sense, _ENTRY)
    arrays = {
        **entries.arrays,
        **columns.arrays,
        "sense.entry": np.array([entry_of[sense.entry] for sense in senses.values()], np.int32),
        "phrase.counts": np.array([len(found) for found in filed.values()], np.int32),
        "phrase.senses": np.array([place_of[id(sense)] for found in filed.values() for sense in found], np.int32),
    }
    values = {
        **entries.values,
        **columns.values,
        "phrase.keys": list(filed),
        "phrase.shuffled": dict(compiled.phrases.shuffled),
        "phrase.longest": compiled.phrases.longest,
        "phrase.words": dict(compiled.words),
        "tables": {name: getattr(tables, name) for name in _TABLES},
    }
    return Sections(arrays, values)


def lexicon_of(sections: Sections) -> tuple[Tables, CompiledLexicon]:
    """The tables and the compiled lexicon of `lexicon_to_sections`."""
    arrays, values = sections.arrays, sections.values
    entries = records_of("entry", sections, LexiconEntry)
    senses = records_of("sense", sections, Sense, {"entry": [entries[i] for i in arrays["sense.entry"].tolist()]})
    filed = iter([senses[place] for place in arrays["phrase.senses"].tolist()])
    counts = arrays["phrase.counts"].tolist()
    phrases = PhraseTable.restored(
        {
            key: tuple(next(filed) for _ in range(count))
            for key, count in zip(values["phrase.keys"], counts, strict=True)
        },
        values["phrase.shuffled"],
        values["phrase.longest"],
    )
    kept = {name: frozen(values["tables"][name]) for name in _TABLES}
    return Tables(lexicon=tuple(entries), **kept), CompiledLexicon(phrases, values["phrase.words"])
