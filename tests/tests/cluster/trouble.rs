use serde_json::json;
use system_tests::cluster::{Cluster, Release};

use crate::operators::{operator, with_image};

/// Whatever keeps an instance from running is said by its intent, in the words of the cluster.
#[tokio::test(flavor = "multi_thread")]
async fn an_intent_says_what_is_wrong() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let release = Release::cloud(&cluster, "fogflow-t", &[])?;
    for kind in ["Image", "Memory", "Secret", "Node", "Crash"] {
        release.sense(&release.url, kind, &format!("{kind}1"), 1.0).await?;
    }
    release_hog(&cluster, &release)?;
    let cases = [
        ("Image", with_image("absent", "local/there-is-no-such-image", "1", &[]), &["ErrImage", "ImagePull"][..]),
        ("Memory", operator("hog", "python", &[("memory_mb", "32"), ("mount_config_map", "hog:/app")]), &["OOMKilled"]),
        ("Secret", operator("keyless", "counter", &[("env_from_secret", "no-such-secret")]), &["no-such-secret"]),
        ("Node", operator("homeless", "counter", &[("node_selector", "moon=yes")]), &["node(s) didn't match"]),
        ("Crash", operator("crash", "python", &[("mount_config_map", "crash:/app")]), &["exit code 3"]),
    ];
    for (kind, operator, words) in cases {
        let intent = release.run_for_each(kind, &operator).await?;
        release.trouble(&intent, words).await?;
        release.withdraw(&intent).await?;
    }
    Ok(())
}

/// Programs in place of the operator template's: one that takes all memory, one that ends.
fn release_hog(cluster: &Cluster, release: &Release<'_>) -> anyhow::Result<()> {
    let program = |name: &str, text: &str| {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name, "namespace": release.namespace },
            "data": { "main.py": text } })
    };
    cluster.apply(&program("hog", "hog = []\nwhile True: hog.append(bytearray(1 << 20))\n"))?;
    cluster.apply(&program("crash", "import sys\nprint('no model')\nsys.exit(3)\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_and_a_missing_right_are_told() -> anyhow::Result<()> {
    let Some(cluster) = Cluster::from_env().await? else { return Ok(()) };
    let release = Release::cloud(&cluster, "fogflow-q", &[])?;
    release.sense(&release.url, "Room", "Room1", 1.0).await?;
    let small = json!({ "apiVersion": "v1", "kind": "ResourceQuota",
        "metadata": { "name": "small", "namespace": release.namespace }, "spec": { "hard": { "pods": "7" } } });
    cluster.apply(&small)?;
    let intent = release.run_for_each("Room", &crate::operators::counter()).await?;
    release.trouble(&intent, &["exceeded quota"]).await?;
    release.kubectl(&["delete", "resourcequota", "small"])?;
    // What was mended goes on by itself.
    release.running(&intent, 1).await?;
    release.withdraw(&intent).await?;

    let role = format!("{}-worker", release.prefix());
    let fewer = r#"[{"op":"replace","path":"/rules","value":[]}]"#;
    release.kubectl(&["patch", "role", &role, "--type=json", "-p", fewer])?;
    release.sense(&release.url, "Shelf", "Shelf1", 1.0).await?;
    let intent = release.run_for_each("Shelf", &operator("another", "counter", &[])).await?;
    release.trouble(&intent, &["forbidden"]).await.map(drop)
}
