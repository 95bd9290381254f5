"""deploy/helm: the values as the chart's run launcher takes them, and the dashboard's manifests.

Neither Helm nor the chart is in a package registry, so the chart itself is not rendered here. What it makes of
`runLauncher` is a change of names, which `launcher_config` repeats; the pod is then made by Dagster's own launcher.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pytest
import yaml
from dagster import DagsterInvalidConfigError, DagsterRun
from dagster._config import process_config
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster_k8s import K8sRunLauncher, launcher
from dagster_k8s.job import construct_dagster_k8s_job
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from kubernetes import client

from unit_economics_tests.deploy.compose import DEPLOY, PROJECT, image

TEXT = (DEPLOY / "helm" / "values.yaml").read_text()
VALUES: dict[str, Any] = yaml.safe_load(TEXT)
SHIPPED: dict[str, Any] = yaml.safe_load((PROJECT / "dagster.yaml").read_text())
MANIFESTS: list[dict[str, Any]] = list(yaml.safe_load_all((DEPLOY / "helm" / "dashboard.yaml").read_text()))
MODELS = {"Deployment": client.V1Deployment, "Service": client.V1Service, "NetworkPolicy": client.V1NetworkPolicy}
(CODE,) = VALUES["dagster-user-deployments"]["deployments"]
PROGRAMS = [VALUES["dagsterWebserver"], VALUES["dagsterDaemon"], CODE]


def launcher_config(said: Mapping[str, Any]) -> dict[str, Any]:
    """The launcher's settings as the chart writes them into dagster.yaml."""
    names = {"imagePullPolicy": "image_pull_policy", "loadInclusterConfig": "load_incluster_config"}
    names |= {"volumeMounts": "volume_mounts", "securityContext": "security_context"}
    names |= {"volumes": "volumes", "resources": "resources"}
    pod = {"run_k8s_config": {"pod_spec_config": said["runK8sConfig"]["podSpecConfig"]}}
    secrets = {"env_secrets": [secret["name"] for secret in said["envSecrets"]]}
    of_chart = {"service_account_name": "dagster", "instance_config_map": "dagster-instance", "job_namespace": "ns"}
    of_global = {"dagster_home": VALUES["global"]["dagsterHome"], "postgres_password_secret": "dagster-postgresql"}
    taken = {names[name]: value for name, value in said.items() if name in names}
    assert set(said) == {*names, "runK8sConfig", "envSecrets"}
    return {**of_chart, **of_global, **taken, **secrets, **pod}


def run_pod(said: Mapping[str, Any], code: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The pod that a run gets; `code` is what a code server that includes its own settings would add."""
    checked = process_config(K8sRunLauncher.config_type(), launcher_config(said))
    if not checked.success:
        raise DagsterInvalidConfigError("the launcher refuses it", checked.errors, said)
    made_by = K8sRunLauncher(**checked.value, k8s_client_batch_api=object(), k8s_client_core_api=object())
    pointer, context = ModuleCodePointer("unit_economics.definitions", "defs"), {"k8s": dict(code or {})}
    origin = RepositoryPythonOrigin("python", pointer, container_image="ours:1", container_context=context)
    asked = made_by.get_container_context_for_run(DagsterRun("job", job_code_origin=JobPythonOrigin("job", origin)))
    config = asked.get_k8s_job_config(job_image="ours:1", run_launcher=made_by)
    job = construct_dagster_k8s_job(config, ["dagster"], "run", user_defined_k8s_config=asked.run_k8s_config)
    pod: dict[str, Any] = client.ApiClient().sanitize_for_serialization(job)["spec"]["template"]["spec"]
    return pod


LAUNCHER: dict[str, Any] = VALUES["runLauncher"]["config"]["k8sRunLauncher"]


@pytest.fixture(autouse=True)
def _outside_of_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launcher, "load_kubernetes_config", lambda **_: None)


def faults(pod: Mapping[str, Any]) -> list[str]:
    """What a pod may that none of ours needs."""
    (container,) = pod["containers"]
    own, shared = container["securityContext"], pod["securityContext"]
    found = {
        "root": shared["runAsNonRoot"] is not True or shared["runAsUser"] != 10001,
        "a root that is written": own["readOnlyRootFilesystem"] is not True,
        "capabilities": own["capabilities"]["drop"] != ["ALL"],
        "more privileges": own["allowPrivilegeEscalation"] is not False,
        "memory without end": "memory" not in container["resources"]["limits"],
    }
    return [fault for fault, there in found.items() if there]


def test_the_chart_is_that_of_the_dagster_that_runs() -> None:
    assert f"--version {version('dagster')} " in TEXT


def test_a_run_is_a_pod_without_rights_that_has_its_secrets_catalogue_and_memory() -> None:
    pod = run_pod(LAUNCHER)
    (container,) = pod["containers"]
    assert faults(pod) == []
    assert container["image"] == "ours:1"
    assert {"secretRef": {"name": "unit-economics"}} in container["envFrom"]
    assert container["resources"]["limits"] == {"memory": "3Gi"}
    assert "DAGSTER_PG_PASSWORD" in {variable["name"] for variable in container["env"]}
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounted == {"/tmp", "/srv/unit_economics", "/opt/dagster/storage"}


def test_a_pod_with_rights_would_be_caught() -> None:
    assert faults(
        run_pod({**LAUNCHER, "securityContext": {**LAUNCHER["securityContext"], "readOnlyRootFilesystem": False}})
    )


def test_a_setting_that_the_launcher_does_not_know_would_be_refused() -> None:
    with pytest.raises(DagsterInvalidConfigError):
        run_pod({**LAUNCHER, "volumes": {"name": "tmp"}})


def test_a_run_does_not_get_the_code_server_s_memory() -> None:
    """It would, if the code server included its settings in the runs that it launches."""
    assert CODE["includeConfigInLaunchedRuns"] == {"enabled": False}
    of_the_server = run_pod(LAUNCHER, {"resources": CODE["resources"]})["containers"][0]["resources"]
    assert of_the_server["limits"] == {"memory": "1Gi"}


def test_every_program_has_no_rights_and_the_places_that_it_writes() -> None:
    for said in PROGRAMS:
        pod = {"securityContext": said["podSecurityContext"], "containers": [{**said}]}
        assert faults(pod) == []
        assert {"/tmp", "/opt/dagster/storage"} <= {mount["mountPath"] for mount in said["volumeMounts"]}
        assert {mount["name"] for mount in said["volumeMounts"]} == {volume["name"] for volume in said["volumes"]}


def test_every_part_of_a_pod_that_the_values_name_is_one_that_kubernetes_knows() -> None:
    for said in PROGRAMS:
        k8s_model_from_dict(client.V1PodSecurityContext, snake(client.V1PodSecurityContext, said["podSecurityContext"]))
        k8s_model_from_dict(client.V1SecurityContext, snake(client.V1SecurityContext, said["securityContext"]))
        for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
            known = {name: value for name, value in said.get(probe, {}).items() if name != "enabled"}
            k8s_model_from_dict(client.V1Probe, snake(client.V1Probe, known))


def snake(model: type[Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same in the names of Kubernetes' Python client; an unknown name is refused."""
    return k8s_snake_case_dict(model, said)


def test_the_probes_ask_the_port_on_which_the_webserver_listens() -> None:
    web = VALUES["dagsterWebserver"]
    assert web["service"]["port"] > 1023, "a user without rights may not listen below"
    for probe in ("readinessProbe", "livenessProbe", "startupProbe"):
        assert web[probe]["httpGet"]["port"] == web["service"]["port"]


def test_the_instance_keeps_the_manners_of_dagster_yaml() -> None:
    """The chart writes storage, run launcher and telemetry itself; all else is ours, but for the runs at once."""
    of_chart = {"storage", "telemetry"}
    said = {name: value for name, value in SHIPPED.items() if name not in of_chart}
    ours = VALUES["additionalInstanceConfig"]
    said["run_coordinator"]["config"]["max_concurrent_runs"] = ours["run_coordinator"]["config"]["max_concurrent_runs"]
    assert ours == said


def test_dagster_s_storage_is_named_by_the_driver_that_it_has() -> None:
    assert SHIPPED["storage"]["postgres"]["postgres_url"] == {"env": "DAGSTER_PG_URL"}
    assert VALUES["postgresql"]["postgresqlScheme"] == "postgresql+psycopg2"


def test_the_home_is_where_the_image_has_it() -> None:
    assert VALUES["global"]["dagsterHome"] == image().environment["DAGSTER_HOME"]
    assert image().of("WORKDIR") == ["/srv/unit_economics"]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda said: f"{said['kind']} {said['metadata']['name']}")
def test_a_manifest_is_one_that_kubernetes_knows(manifest: dict[str, Any]) -> None:
    model = MODELS[manifest["kind"]]
    k8s_model_from_dict(model, snake(model, manifest))


def test_a_misspelled_manifest_would_be_refused() -> None:
    deployment = {**MANIFESTS[0], "spec": {**MANIFESTS[0]["spec"], "replica": 2}}
    with pytest.raises(Exception, match="replica"):
        snake(client.V1Deployment, deployment)


def test_the_dashboard_s_pod_has_no_rights_and_only_its_own_secret() -> None:
    pod = MANIFESTS[0]["spec"]["template"]["spec"]
    assert faults(pod) == []
    (variable,) = pod["containers"][0]["env"]
    assert variable["name"] == variable["valueFrom"]["secretKeyRef"]["key"] == "UNIT_ECONOMICS_DASHBOARD_DATABASE_URL"
    assert pod["automountServiceAccountToken"] is False
