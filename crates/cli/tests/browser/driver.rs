//! The browser: what drives it, and what the tests ask of a page.

// What clippy.toml allows in tests does not reach these, which another harness runs.
#![allow(clippy::panic, clippy::unwrap_used, reason = "see above")]

use std::ffi::OsString;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions, MouseActions, PointerAction};
use fantoccini::key::Key;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use outside::Outside;
use serde_json::{Value, json};

/// Whether it is an error to be without.
pub(crate) fn required() -> bool {
    std::env::var_os("RECURRENT_BROWSER").is_some_and(|value| value == "required")
}

/// The program that drives Chromium: what is named, or what is required, counts as there.
pub(crate) fn chromedriver() -> Outside {
    let named = std::env::var_os("CHROMEDRIVER");
    let program = named.clone().unwrap_or_else(|| "chromedriver".into());
    let starts = |program: &OsString| {
        let mut command = Command::new(program);
        command
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let there = named.is_some() || required() || starts(&program);
    Outside::new("chromedriver", there.then(|| program.into()))
}

/// axe-core's script, likewise.
pub(crate) fn axe() -> Outside {
    let named = std::env::var_os("RECURRENT_AXE").map(PathBuf::from);
    let required = || required().then(|| "axe.min.js".into());
    Outside::new("RECURRENT_AXE", named.or_else(required))
}

pub(crate) struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    pub(crate) fn start() -> Self {
        let program = chromedriver();
        let program = program.place().unwrap();
        let mut process = Command::new(program)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines
            .map_while(Result::ok)
            .find_map(|line| {
                let (_, port) = line.split_once("started successfully on port ")?;
                port.trim_end_matches('.').parse::<u16>().ok()
            })
            .unwrap();
        Self {
            process,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    pub(crate) async fn open(&self, dark: bool, size: (u32, u32)) -> Client {
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            format!("--window-size={},{}", size.0, size.1),
        ];
        if dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let capabilities = json!({
            "goog:chromeOptions": {"args": arguments},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        });
        let Value::Object(capabilities) = capabilities else {
            panic!("capabilities are an object");
        };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities);
        builder.connect(&self.url).await.unwrap()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Chromium's own command for what it has logged since it was last asked.
#[derive(Debug)]
pub(crate) struct Log(&'static str);

impl WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({"type": self.0}).to_string()),
        )
    }
}

pub(crate) async fn log(client: &Client, kind: &'static str) -> Vec<Value> {
    let entries = client.issue_cmd(Log(kind)).await.unwrap();
    entries.as_array().unwrap().clone()
}

/// Nothing was written to the console, and nothing asked of anyone but `origin`.
pub(crate) async fn assert_quiet(client: &Client, origin: &str) {
    let console = log(client, "browser").await;
    assert!(console.is_empty(), "console: {console:?}");
    for entry in log(client, "performance").await {
        let message: Value = serde_json::from_str(entry["message"].as_str().unwrap()).unwrap();
        if message["message"]["method"] == "Network.requestWillBeSent" {
            let url = message["message"]["params"]["request"]["url"]
                .as_str()
                .unwrap();
            assert!(
                url.starts_with(origin) || url.starts_with("data:"),
                "asked for {url}"
            );
        }
    }
}

pub(crate) async fn text_of(client: &Client, css: &str) -> String {
    let element = client.find(Locator::Css(css)).await.unwrap();
    element.text().await.unwrap()
}

/// Waits until `css` shows a text that `done` accepts.
pub(crate) async fn wait_for(client: &Client, css: &str, done: impl Fn(&str) -> bool) -> String {
    let start = Instant::now();
    loop {
        let text = match client.find(Locator::Css(css)).await {
            Ok(element) => element.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        };
        if done(&text) {
            return text;
        }
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{css} shows {text:?}"
        );
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
}

pub(crate) async fn press(client: &Client, key: Key) {
    let key = key.into();
    let keys = KeyActions::new("keys".to_owned())
        .then(KeyAction::Down { value: key })
        .then(KeyAction::Up { value: key });
    client.perform_actions(keys).await.unwrap();
}

pub(crate) async fn hover(client: &Client, css: &str) {
    let element = client.find(Locator::Css(css)).await.unwrap();
    let mouse = MouseActions::new("mouse".to_owned()).then(PointerAction::MoveToElement {
        element,
        duration: None,
        x: 0.0,
        y: 0.0,
    });
    client.perform_actions(mouse).await.unwrap();
}

/// Rules of axe-core that the page breaks, WCAG 2.2 A and AA and best practices.
pub(crate) async fn assert_accessible(client: &Client) {
    let axe = axe();
    let path = axe.place().unwrap();
    let axe = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("RECURRENT_AXE: {}: {error}", path.display()));
    client
        .execute(&format!("{axe}; window.axe = axe;"), vec![])
        .await
        .unwrap();
    let result = client
        .execute_async(
            "const done = arguments[0]; axe.run(document).then(r => done(JSON.stringify(
                 [r.passes.length, r.violations.map(v => [v.id, v.nodes.map(n => n.html + n.failureSummary)])])));",
            vec![],
        )
        .await
        .unwrap();
    let result: Value = serde_json::from_str(result.as_str().unwrap()).unwrap();
    assert!(result[0].as_u64().unwrap() > 10, "axe has looked");
    assert_eq!(result[1], json!([]), "{:#}", result[1]);
}

/// Nothing sticks out to the right.
pub(crate) async fn assert_fits(client: &Client) {
    let script = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(client.execute(script, vec![]).await.unwrap(), true);
}

pub(crate) async fn click(client: &Client, css: &str) {
    let element = client.find(Locator::Css(css)).await.unwrap();
    element.click().await.unwrap();
}

/// Where pictures of the pages go, for looking at them.
pub(crate) async fn screenshot(client: &Client, name: &str) {
    if let Some(folder) = std::env::var_os("RECURRENT_SCREENSHOTS") {
        let picture = client.screenshot().await.unwrap();
        std::fs::write(PathBuf::from(folder).join(format!("{name}.png")), picture).unwrap();
    }
}

pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
