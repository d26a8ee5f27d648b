"""The tools that are measured. One more is one class more, with the same three verbs, and its name in TOOLS."""
import os
import shutil
import subprocess
import time


os.environ["RESTIC_PASSWORD"] = "bench"


class Measured:
    def __init__(self, seconds, cpu, peak):
        (self.seconds, self.cpu, self.peak) = (seconds, cpu, peak)


def run(words, **options):
    """Runs a program and all that it starts; peak is that of the largest process."""
    start = time.monotonic()
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{words} failed: {errors.decode()}")
    return Measured(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def pipeline(line):
    return run(["bash", "-c", "set -euo pipefail; " + line])


class Tar:
    """What a script does: everything each time, without a look at what databases are doing."""

    packer = "gzip"

    def __init__(self, tree, work, program):
        (self.tree, self.repository) = (tree, f"{work}/repository")
        os.makedirs(self.repository)
        self.count = 0

    @staticmethod
    def is_there():
        return True

    def back_up(self):
        self.count += 1
        archive = f"{self.repository}/{self.count}.tar.gz"
        parent, name = os.path.split(self.tree.root)
        return pipeline(f"tar -C '{parent}' -cf - '{name}' | {self.packer} > '{archive}'; sync -f '{archive}'")

    def restore(self, folder):
        os.makedirs(folder)
        return pipeline(f"{self.packer} -dc '{self.repository}/{self.count}.tar.gz' | tar -C '{folder}' -xpf -; sync -f '{folder}'")

    def forget(self):
        """What a new container does not have is removed: caches and state."""

    def close(self):
        pass


class Pigz(Tar):
    packer = "pigz"

    @staticmethod
    def is_there():
        return shutil.which("pigz") is not None


class Restic(Tar):
    """The stock program, as it is without options."""

    def __init__(self, tree, work, program):
        super().__init__(tree, work, program)
        self.cache = f"{work}/cache"
        self.environment = dict(os.environ, RESTIC_CACHE_DIR=self.cache, RESTIC_REPOSITORY=self.repository)
        self.do("init")

    @staticmethod
    def is_there():
        return shutil.which("restic") is not None

    def do(self, *words):
        return run(["restic", *words], env=self.environment)

    def back_up(self):
        return self.do("backup", self.tree.root)

    def restore(self, folder):
        measured = self.do("restore", "latest", "--target", folder)
        start = time.monotonic()
        subprocess.run(["sync", "-f", folder], check=True)
        measured.seconds += time.monotonic() - start
        return measured

    def forget(self):
        shutil.rmtree(self.cache)


class Borg(Restic):
    """With a key in the repository, and zstd, which is what restic compresses with."""

    def __init__(self, tree, work, program):
        Tar.__init__(self, tree, work, program)
        self.cache = f"{work}/cache"
        self.environment = dict(os.environ, BORG_PASSPHRASE="bench", BORG_BASE_DIR=self.cache, BORG_RELOCATED_REPO_ACCESS_IS_OK="yes")
        self.do("init", "--encryption", "repokey-blake2", self.repository)

    @staticmethod
    def is_there():
        return shutil.which("borg") is not None

    def do(self, *words, **options):
        return run(["borg", *words], env=self.environment, **options)

    def back_up(self):
        self.count += 1
        return self.do("create", "--compression", "zstd,3", f"{self.repository}::{self.count}", self.tree.root)

    def restore(self, folder):
        os.makedirs(folder)
        start = time.monotonic()
        measured = self.do("extract", f"{self.repository}::{self.count}", cwd=folder)
        subprocess.run(["sync", "-f", folder], check=True)
        measured.seconds = time.monotonic() - start
        return measured


class Shipkeeper:
    """The running program makes the backups; its CPU time and peak memory are those of its daemon."""

    repository_settings = "type: folder"

    def __init__(self, tree, work, program):
        (self.tree, self.work, self.program) = (tree, work, program)
        self.repository = f"{work}/repository"
        os.makedirs(self.repository)
        with open(f"{work}/shipkeeper.yaml", "w") as file:
            file.write(
                f"version: 1\nstate: {work}/state\nrepositories: {{ main: {{ {self.repository_settings}, path: {self.repository} }} }}\n"
                f"jobs:\n  restore: {{ type: restore, on: boot, with: {{ repository: main, path: {tree.root} }} }}\n"
                f"  backup: {{ type: backup, needs: restore, with: {{ repository: main, path: {tree.root} }} }}\n")
        self.log = open(f"{work}/log.txt", "a")
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "run", "--config", f"{self.work}/shipkeeper.yaml"], stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)
        while self.ask("status").returncode and self.process.poll() is None:
            time.sleep(0.05)

    @staticmethod
    def is_there():
        return True

    def ask(self, *words):
        return subprocess.run([self.program, *words, "--state", f"{self.work}/state"], capture_output=True, text=True)

    def daemon(self):
        """Process 1 is the program that was started; the daemon is its child."""
        children = subprocess.run(["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True).stdout.split()
        return int(children[0]) if children else self.process.pid

    @staticmethod
    def cpu(process):
        with open(f"/proc/{process}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return sum(int(field) for field in fields[11:13]) / os.sysconf("SC_CLK_TCK")

    @staticmethod
    def peak(process):
        with open(f"/proc/{process}/status") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

    def back_up(self):
        daemon = self.daemon()
        with open(f"/proc/{daemon}/clear_refs", "w") as file:
            file.write("5")
        (before, start) = (self.cpu(daemon), time.monotonic())
        done = self.ask("start", "backup", "--wait")
        if done.returncode:
            raise SystemExit(f"the backup failed: {done.stdout}{done.stderr}")
        return Measured(time.monotonic() - start, self.cpu(daemon) - before, self.peak(daemon))

    def restore(self, folder):
        return pipeline(f"'{self.program}' restore --to '{folder}' --config '{self.work}/shipkeeper.yaml'; sync -f '{folder}'")

    def forget(self):
        """The program itself restores at the start: a tree that others have put there is not one that it may store as the next."""
        self.stop()
        shutil.rmtree(f"{self.work}/state")
        shutil.rmtree(self.tree.root)
        self.start()
        while not os.path.exists(self.tree.root):
            time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def close(self):
        self.stop()
        self.log.close()


class ShipkeeperRestic(Shipkeeper):
    repository_settings = "type: folder, format: restic, password: '${RESTIC_PASSWORD}'"


TOOLS = {
    "tar | gzip": Tar, "tar | pigz": Pigz, "restic": Restic, "borg": Borg, "shipkeeper archive": Shipkeeper, "shipkeeper restic": ShipkeeperRestic,
}
