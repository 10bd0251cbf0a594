"""A fictional city with labelled truth, and what three departments would hand over of it.

Used by the demonstration, the tests and the bench; by no step. Nothing here reads `bus.standards`: the truth must not be computed
by the code that is measured with it. Division 3799xx is assigned to nobody, so no number made here belongs to anyone.
"""

from bus.city.generate import Summary, make_city

__all__ = ["Summary", "make_city"]
