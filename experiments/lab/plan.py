"""What is to be run: jobs, how large the whole is, and what an experiment consists of."""
import hashlib
import json
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Scale:
    """How much is spent. `full` makes the pages of docs/experiments; `quick` all tables and figures in ten minutes; `tiny` is for tests."""
    name: str
    seeds: int

    def pick(self, full, quick, tiny=None):
        return {"full": full, "quick": quick, "tiny": quick if tiny is None else tiny}[self.name]


SCALES = {"full": Scale("full", 5), "quick": Scale("quick", 3), "tiny": Scale("tiny", 2)}


@dataclass
class Job:
    """One training and what is measured of it. Either `recipe` and `sets` (through `rondo train`) or `program` (words of a command that
    prints one JSON object)."""
    case: str       # what is asked, such as "order 100"
    contender: str  # who answers
    seed: int
    recipe: str = ""                              # below the repository
    sets: dict = field(default_factory=dict)      # key of the recipe -> value
    measures: dict = field(default_factory=dict)  # name -> words after `rondo eval MODEL`
    program: tuple = ()
    data: "DataSet" = None  # made before the first job that wants it
    keep: bool = False      # the model is looked at afterwards
    expect: float = 10.0    # seconds of one core, as measured where the budgets were planned

    def label(self):
        return f"{self.case}, {self.contender}, seed {self.seed}"

    def settings(self, recipe_text):
        """A mark of all that decides the result: a record with another one is not this job's."""
        told = [recipe_text, sorted(self.sets.items()), sorted(self.measures.items()), self.program, self.data.mark if self.data else ""]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:12]


@dataclass(frozen=True)
class DataSet:
    """Files that a function writes into a folder of their own. The mark names everything that decides what is in them."""
    mark: str
    write: object = field(compare=False)  # folder (pathlib.Path) -> None
