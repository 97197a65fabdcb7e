"""Images as their archives have them, and containers by bubblewrap: what the test `image` is made of."""
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time

GET_STATE = bytes.fromhex("9c000007008701")
PLAIN_USER = "65532"
IS_ROOT = os.geteuid() == 0


def check(holds, what):
    if not holds:
        sys.exit(f"FAILED: {what}")


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=300, **options)
    check(done.returncode == 0, f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}")
    return done.stdout


def configuration_and_layers(archive):
    """Of an OCI archive, or of one in Docker's format."""
    if "manifest.json" in archive.getnames():
        (manifest,) = json.load(archive.extractfile("manifest.json"))
        names = [manifest["Config"], *manifest["Layers"]]
    else:
        blob = lambda told: "blobs/" + told["digest"].replace(":", "/")
        (told,) = json.load(archive.extractfile("index.json"))["manifests"]
        manifest = json.load(archive.extractfile(blob(told)))
        names = [blob(told) for told in (manifest["config"], *manifest["layers"])]
    configuration, *layers = (archive.extractfile(name) for name in names)
    return json.load(configuration), layers


class Image:
    """An archive's configuration and its files' headers; the files are unpacked into `root`, with their owners where that may be."""

    def __init__(self, archive_file, root):
        self.archive, self.root, self.headers = archive_file, root, {}
        root.mkdir()
        with tarfile.open(archive_file) as archive:
            self.configuration, layers = configuration_and_layers(archive)
            for layer in layers:
                with tarfile.open(fileobj=layer) as files:
                    files.extraction_filter = lambda member, path: member  # as engines do, owners and modes included
                    files.extractall(root, numeric_owner=True)
                    self.headers.update((member.name, member) for member in files)
        for folder in ("proc", "dev"):  # engines make them, too
            (root / folder).mkdir(exist_ok=True)
        self.told = self.configuration["config"]
        self.command = self.told["Entrypoint"] + self.told["Cmd"]
        self.environment = dict(word.split("=", 1) for word in self.told["Env"])


def network(lowest_port):
    """A network of its own with loopback alone, in which every user may bind the ports from that one on."""
    return ["unshare", *([] if IS_ROOT else ["--user", "--map-root-user"]), "--net", "sh", "-c",
            "lowest=/proc/sys/net/ipv4/ip_unprivileged_port_start; echo \"$0\" >$lowest && ip link set lo up && exec \"$@\"", str(lowest_port)]


def answer_at(state):
    """Asked at the state's own socket, since the network is the container's; None as long as nobody listens."""
    with socket.socket(socket.AF_UNIX) as line:
        try:
            line.connect(str(state / "host.sock"))
        except (FileNotFoundError, ConnectionRefusedError):
            return None
        try:
            line.sendall(GET_STATE)
            return line.recv(65536)
        except (BrokenPipeError, ConnectionResetError):  # one that ends
            return None


class Container:
    """The image's own command with a volume of the caller's, in namespaces of its own."""

    entering = ["--user", "--preserve-credentials"]

    def __init__(self, image, volume, folder=".", lowest_port=0, **environment):
        self.image, self.volume, self.state = image, volume, volume / folder
        volume.mkdir(exist_ok=True)
        self.environment = {**image.environment, **environment}
        self.network = network(lowest_port)
        # Commands run in it see the volume, but not the network.
        self.sandbox = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent",
                        "--uid", PLAIN_USER, "--gid", PLAIN_USER, "--ro-bind", image.root, "/", "--bind", volume, "/state",
                        "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", "--chdir", image.told["WorkingDir"], "--clearenv"]
        for name, value in self.environment.items():
            self.sandbox += ["--setenv", name, value]

    def words(self):
        return [*self.network, *self.sandbox, *self.image.command]

    def end(self):
        self.process.terminate()

    def __enter__(self):
        self.began = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in self.words()], text=True, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.end()
        self.process.wait(20)
        while self.answer() is not None:  # the sandbox goes first, what is in it a moment later
            time.sleep(0.01)

    def answer(self):
        return answer_at(self.state)

    def ready_after(self):
        while (answer := self.answer()) is None:
            if self.process.poll() is not None:
                sys.exit(f"FAILED: the container ended: {self.process.stdout.read()}")
            check(time.monotonic() - self.began < 60, "the container answers")
            time.sleep(0.002)
        check(b"INITIALIZED" in answer, f"the container answers: {answer}")
        return time.monotonic() - self.began

    def executed(self, *words):
        """What such a command prints in the running container, as `docker exec` enters it."""
        nsenter = shutil.which("nsenter")
        the_network = [nsenter, *([] if IS_ROOT else ["--user", "--preserve-credentials"]), "--net", "--target", self.process.pid]
        the_rest = [nsenter, *self.entering, "--mount", "--pid", "--root", "--wd", "--target", self.process_number()]
        return run(*the_network, *the_rest, *words, env=self.environment)

    def process_number(self):
        """Of the simulator itself, as this machine counts."""
        for line in run("ps", "-e", "-o", "pid=,args=").splitlines():
            pid = line.split()[0]
            if not re.search(r"/cs2simd? start --foreground", line) or "bwrap" in line:
                continue
            try:
                if os.path.samestat(os.stat(f"/proc/{pid}/root/state"), self.volume.stat()):
                    return pid
            except OSError:  # a simulator of others, which has no /state, or is gone
                continue
        sys.exit("FAILED: the simulator is no process")

    def processor_seconds(self):
        user, system = pathlib.Path(f"/proc/{self.process_number()}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def listening(self):
        """Ports on which the simulator listens, as the kernel has them."""
        lines = pathlib.Path(f"/proc/{self.process_number()}/net/tcp").read_text().splitlines()[1:]
        return {int(words[1].split(":")[1], 16) for words in map(str.split, lines) if words[3] == "0A"}


class ContainerAsItIs(Container):
    """Without a volume: /state is the image's own, its user is no other's number, its program is process 1. Takes root, be it a
    namespace's; not by bubblewrap, which gives an image of root's no other user."""

    entering = ["--setuid", PLAIN_USER, "--setgid", PLAIN_USER]
    MOUNTS = """
        mount -t tmpfs -o mode=1777 tmpfs "$0/tmp" && mount -t proc proc "$0/proc" && mount -t tmpfs -o mode=755 tmpfs "$0/dev" || exit
        for node in null zero full random urandom; do : >"$0/dev/$node" && mount --bind "/dev/$node" "$0/dev/$node" || exit; done
        exec "$@" """

    def __init__(self, image, lowest_port):
        super().__init__(image, image.root / "state", lowest_port=lowest_port)

    def words(self):
        root, folder = self.image.root, self.image.told["WorkingDir"]
        environment = [f"{name}={value}" for name, value in self.environment.items()]
        return [*self.network, "unshare", "--mount", "--pid", "--fork", "sh", "-c", self.MOUNTS, root, "env", "-i", *environment,
                shutil.which("unshare"), *self.entering, f"--root={root}", f"--wd={folder}", *self.image.command]

    def end(self):
        os.kill(int(self.process_number()), signal.SIGTERM)
