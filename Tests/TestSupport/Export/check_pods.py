"""Judges pods by the PodSecurity level "restricted", and objects by what every cluster wants: names, selectors that fit, references that lead somewhere.

    check_pods.py < OBJECTS

Prints each mistake on a line of its own. The rules are those of https://kubernetes.io/docs/concepts/security/pod-security-standards/.
"""

import re
import sys

import yaml

documents = [document for document in yaml.safe_load_all(sys.stdin) if document is not None]
names = {(document["kind"], document["metadata"]["name"]) for document in documents}


def template(document):
    spec = document["spec"]
    return {"CronJob": lambda: spec["jobTemplate"]["spec"]["template"], "StatefulSet": lambda: spec["template"], "Deployment": lambda: spec["template"]}[document["kind"]]()


def judge(document):
    name, pod = document["metadata"]["name"], template(document)
    spec = pod["spec"]
    security = spec["securityContext"]
    yield security.get("runAsNonRoot") is True and security.get("runAsUser", 0) > 0, "it may run as root"
    yield security.get("seccompProfile", {}).get("type") == "RuntimeDefault", "it has no seccomp profile"
    yield not any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")), "it is in a namespace of the host"
    yield spec.get("automountServiceAccountToken") is False, "it has a token for the cluster"
    yield spec.get("enableServiceLinks") is False, "services of the namespace change its variables"
    volumes = {volume["name"]: volume for volume in spec["volumes"]}
    claims = {claim["metadata"]["name"] for claim in document["spec"].get("volumeClaimTemplates", [])}
    for volume in volumes.values():
        yield set(volume) - {"name"} <= {"configMap", "emptyDir"}, f"the volume {volume['name']} is of another kind"
        if "configMap" in volume:
            yield ("ConfigMap", volume["configMap"]["name"]) in names, f"there is no ConfigMap {volume['configMap']['name']}"
    yield not set(volumes) & claims, "a volume and a claim have one name"
    for container in spec["containers"]:
        own = container["securityContext"]
        yield own.get("allowPrivilegeEscalation") is False, "it may get more rights"
        yield own.get("capabilities") == {"drop": ["ALL"]}, "it has capabilities"
        yield own.get("readOnlyRootFilesystem") is True, "its root file system can be written"
        paths = [mount["mountPath"] for mount in container["volumeMounts"]]
        yield len(paths) == len(set(paths)), "two volumes are at one path"
        yield all(path.startswith("/") and ".." not in path for path in paths), "a path is not from the root"
        yield {mount["name"] for mount in container["volumeMounts"]} <= set(volumes) | claims, "a mount has no volume"
        yield set(volumes) | claims == {mount["name"] for mount in container["volumeMounts"]}, "a volume is not used"
        ports = {port["name"] for port in container.get("ports", [])}
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            handler = container.get(probe, {})
            yield "host" not in handler.get("httpGet", {}), f"{probe} names a host"
            port = handler.get("httpGet", handler.get("tcpSocket", {})).get("port")
            yield port is None or isinstance(port, int) or port in ports, f"{probe} names a port that is not there"
        defined = [variable["name"] for variable in container.get("env", [])]
        yield len(defined) == len(set(defined)), "a variable is set twice"
        for variable in container.get("env", []):
            known = set(defined[: defined.index(variable["name"])])
            used = re.findall(r"(?<!\$)(?:\$\$)*\$\(([A-Za-z_][A-Za-z0-9_]*)\)", variable.get("value", ""))
            yield set(used) <= known, f"{variable['name']} refers to a variable that comes later"
        words = container.get("command", []) + container.get("args", [])
        used = [name for word in words for name in re.findall(r"(?<!\$)(?:\$\$)*\$\(([A-Za-z_][A-Za-z0-9_]*)\)", word)]
        yield set(used) <= set(defined), f"a word of the command refers to {used}, and {defined} are set"
        for source in container.get("envFrom", []):
            yield ("ConfigMap", source["configMapRef"]["name"]) in names, "the ConfigMap of its variables is not there"
    labels = pod["metadata"]["labels"]
    if document["kind"] != "CronJob":
        yield document["spec"]["selector"]["matchLabels"].items() <= labels.items(), "its selector does not find its pods"
    if document["kind"] == "StatefulSet":
        yield ("Service", document["spec"]["serviceName"]) in names, "its Service is not there"
    policies = [other["spec"]["podSelector"]["matchLabels"] for other in documents if other["kind"] == "NetworkPolicy"]
    yield any(policy.items() <= labels.items() for policy in policies), "no NetworkPolicy is about it"


count = 0
for document in documents:
    name = document["metadata"]["name"]
    longest = 52 if document["kind"] == "CronJob" else 63
    if not re.fullmatch(r"[a-z]([-a-z0-9]*[a-z0-9])?", name) or len(name) > longest:
        print(f"{document['kind']}/{name}: the name is not valid")
    for value in document["metadata"]["labels"].values():
        if not re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", value):
            print(f"{document['kind']}/{name}: the label {value} is not valid")
    if document["kind"] in ("StatefulSet", "Deployment", "CronJob"):
        count += 1
        for isRight, what in judge(document):
            if not isRight:
                print(f"{document['kind']}/{name}: {what}")
    if document["kind"] == "Service":
        selector = document["spec"]["selector"]
        pods = [template(other) for other in documents if other["kind"] in ("StatefulSet", "Deployment")]
        found = [pod for pod in pods if selector.items() <= pod["metadata"]["labels"].items()]
        if len(found) != 1:
            print(f"Service/{name}: {len(found)} workloads are behind it")
        ports = {port["name"] for pod in found for container in pod["spec"]["containers"] for port in container.get("ports", [])}
        for port in document["spec"].get("ports", []):
            if port["targetPort"] not in ports:
                print(f"Service/{name}: nothing listens at {port['targetPort']}")
if len(names) != len(documents):
    print("two objects have one name")
print(f"{count} workloads")
