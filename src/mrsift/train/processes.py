"""The processes that train together, as `torchrun` started them; one where nobody did."""

import os
from dataclasses import dataclass
from typing import Any

import torch


@dataclass(frozen=True, slots=True)
class Processes:
    """How many train together, and which one this is.

    Attributes:
        count: Of all machines.
        rank: Of this process, from 0; the first one writes and speaks.
        here: Processes on this machine.
    """

    count: int = 1
    rank: int = 0
    here: int = 1

    @property
    def first(self) -> bool:
        """Whether this process writes and speaks."""
        return self.rank == 0

    @property
    def machines(self) -> int:
        """Machines that train together."""
        return self.count // self.here

    def wait(self) -> None:
        """Until all are here."""
        if self.count > 1:
            torch.distributed.barrier()


def join_processes() -> Processes:
    """Joins those that `torchrun` started; gloo on CPUs, NCCL on GPUs."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Processes()
    found = Processes(
        count, int(os.environ["RANK"]), int(os.environ.get("LOCAL_WORLD_SIZE", str(count)))
    )
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    return found


def trainer_arguments(processes: Processes) -> dict[str, Any]:
    """What Lightning's trainer must know of them."""
    if processes.count == 1:
        return {"accelerator": "auto", "devices": 1}
    from lightning.pytorch.strategies import DDPStrategy

    backend = "nccl" if torch.cuda.is_available() else "gloo"
    return {
        "accelerator": "auto",
        "devices": processes.here,
        "num_nodes": processes.machines,
        "strategy": DDPStrategy(process_group_backend=backend),
    }
