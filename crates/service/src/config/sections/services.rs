//! The keys of discovery, masters and designers.

use serde::{Deserialize, Serialize};

/// `discovery`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Discovery {
    /// `discovery.host_ip`.
    pub host_ip: Option<String>,
    /// `discovery.http_port`: default 8090.
    pub http_port: u16,
    /// `discovery.https_port`: default 443.
    pub https_port: u16,
}

impl Default for Discovery {
    fn default() -> Self {
        Self { host_ip: None, http_port: 8090, https_port: 443 }
    }
}

/// `master`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Master {
    /// `master.host_ip`.
    pub host_ip: Option<String>,
    /// `master.ngsi_agent_port`: where availability notifications arrive; default 1060.
    pub ngsi_agent_port: u16,
    /// `master.rest_api_port`: `/workers` and `/status`; default 8010.
    pub rest_api_port: u16,
}

impl Default for Master {
    fn default() -> Self {
        Self { host_ip: None, ngsi_agent_port: 1060, rest_api_port: 8010 }
    }
}

/// `designer`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Designer {
    /// `designer.host_ip`.
    pub host_ip: Option<String>,
    /// `designer.webSrvPort`: default 8080.
    #[serde(rename = "webSrvPort")]
    pub web_srv_port: u16,
    /// `designer.https_webSrvPort`: default 8444.
    #[serde(rename = "https_webSrvPort")]
    pub https_web_srv_port: u16,
    /// `designer.agentPort`: default 1030.
    #[serde(rename = "agentPort")]
    pub agent_port: u16,
    /// `designer.map_tiles`: the tile server of the dashboard's map; default: none, the map that comes with it.
    pub map_tiles: Option<MapTiles>,
}

impl Default for Designer {
    fn default() -> Self {
        Self { host_ip: None, web_srv_port: 8080, https_web_srv_port: 8444, agent_port: 1030, map_tiles: None }
    }
}

/// `designer.map_tiles`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct MapTiles {
    /// `designer.map_tiles.url`: where a tile is, with `{z}`, `{x}` and `{y}` in it.
    pub url: String,
    /// `designer.map_tiles.attribution`: whom the map names as the source, as its terms of use want; default: nobody.
    #[serde(default)]
    pub attribution: String,
}
