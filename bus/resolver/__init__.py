"""ONE FILE PER RESIDENT, ONE PER DWELLING: who is meant, what of all that was said holds, who said it.

    canonical.* → identify → internal.resident ─────────────────────────────────→ merge → master.*, dispute.*
                          ├→ internal.alias → alias → internal.dwelling ─────────┤
                          ├→ internal.evidence → match ┐                         │
                          └→ internal.pending ─────────┴→ join → internal.resident ┘
                                                              └→ internal.decision

Every decision has one owner, because what it needs comes to one partition: the versions of a statement (keyed by the statement), the
claims on an alias or a piece of evidence (keyed by it), the evidence about a statement (keyed by the statement), the statements about a
subject (keyed by the subject). So no two can race.
"""
