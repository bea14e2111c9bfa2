//! Who must never depend on whom: the search through `cargo metadata` that enforces the table of `rules`.
//!
//! Looks at normal and build dependencies under default features; what tests and benches use is their own affair.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::rules::Rule;
use crate::cargo;
use crate::error::Error;

/// `cargo metadata`, as far as we read it.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
    workspace_root: PathBuf,
    resolve: Resolve,
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Declared>,
    features: BTreeMap<String, Vec<String>>,
}

/// A dependency as the manifest declares it.
#[derive(Debug, Deserialize)]
struct Declared {
    name: String,
    rename: Option<String>,
    kind: Option<String>,
    optional: bool,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    features: Vec<String>,
    deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
struct Edge {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    kind: Option<String>,
}

impl Metadata {
    /// Asks cargo.
    pub(super) fn load() -> Result<Self, Error> {
        let mut command = cargo::cargo(["metadata", "--format-version", "1"]);
        let name = cargo::shown(&command);
        let mut json = String::new();
        let status = cargo::lines(&mut command, |line| json += line)?;
        if !status.success() {
            return Err(Error::Failed {
                command: name,
                status: status.to_string(),
            });
        }
        serde_json::from_str(&json).map_err(|source| Error::Json {
            command: name,
            source,
        })
    }

    /// The folders of our packages, from the root.
    pub(super) fn member_folders(&self) -> Vec<String> {
        let folders = self.members().filter_map(|package| {
            let folder = package
                .manifest_path
                .parent()?
                .strip_prefix(&self.workspace_root)
                .unwrap_or(Path::new(""));
            Some(folder.to_string_lossy().replace('\\', "/"))
        });
        folders.collect()
    }

    fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.packages
            .iter()
            .find(|package| package.id == id)
            .map_or(id, |package| &package.name)
    }

    /// What building a package builds. cargo also lists optional dependencies that a feature only speaks of, as
    /// burn's `std` does with `burn-tch?/std`; those that no feature turns on are left out here.
    fn edges<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Edge> {
        let node = self.resolve.nodes.iter().find(|node| node.id == id);
        let package = self.packages.iter().find(|package| package.id == id);
        node.into_iter()
            .zip(package)
            .flat_map(move |(node, package)| {
                node.deps.iter().filter(move |edge| {
                    let name = self.name(&edge.pkg);
                    let on = |declared: &Declared| {
                        !declared.optional
                            || package.turns_on(declared, node.features.iter().map(String::as_str))
                    };
                    edge.is_built()
                        && package
                            .built()
                            .any(|declared| declared.name == name && on(declared))
                })
            })
    }

    /// The shortest way from a package to one that matches, by names, both ends included.
    fn way<'a>(&'a self, from: &'a str, matches: impl Fn(&str) -> bool) -> Option<Vec<&'a str>> {
        let mut before: BTreeMap<&'a str, Option<&'a str>> = BTreeMap::from([(from, None)]);
        let mut open = VecDeque::from([from]);
        while let Some(id) = open.pop_front() {
            if id != from && matches(self.name(id)) {
                let steps =
                    std::iter::successors(Some(id), |step| before.get(step).copied().flatten());
                let mut names: Vec<&str> = steps.map(|step| self.name(step)).collect();
                names.reverse();
                return Some(names);
            }
            for edge in self.edges(id) {
                if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(&edge.pkg) {
                    entry.insert(Some(id));
                    open.push_back(&edge.pkg);
                }
            }
        }
        None
    }
}

impl Edge {
    /// Whether users of the package build this, that is, not only its tests.
    fn is_built(&self) -> bool {
        self.dep_kinds
            .iter()
            .any(|kind| kind.kind.as_deref() != Some("dev"))
    }
}

impl Package {
    fn built(&self) -> impl Iterator<Item = &Declared> {
        self.dependencies
            .iter()
            .filter(|declared| declared.kind.as_deref() != Some("dev"))
    }

    /// The features that `default` turns on, directly or through others.
    fn default_features(&self) -> BTreeSet<&str> {
        let mut on = BTreeSet::new();
        let mut open = vec!["default"];
        while let Some(feature) = open.pop() {
            if on.insert(feature) {
                open.extend(
                    self.features
                        .get(feature)
                        .into_iter()
                        .flatten()
                        .map(String::as_str),
                );
            }
        }
        on
    }

    /// Whether one of the features `on` turns an optional dependency on: it bears its name, or lists it as `name`,
    /// `dep:name` or `name/feature`. (`name?/feature` does not.)
    fn turns_on<'a>(&self, declared: &Declared, on: impl IntoIterator<Item = &'a str>) -> bool {
        let key = declared.rename.as_deref().unwrap_or(&declared.name);
        let names = |item: &str| {
            let item = item.strip_prefix("dep:").unwrap_or(item);
            item.split_once('/').map_or(item, |(name, _)| name) == key
        };
        on.into_iter().any(|feature| {
            names(feature)
                || self
                    .features
                    .get(feature)
                    .into_iter()
                    .flatten()
                    .any(|item| names(item))
        })
    }
}

fn is_named(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

/// Each breach of `rules` in words; a package without a rule, and a rule without a package, are breaches too.
pub(super) fn violations(graph: &Metadata, rules: &[Rule]) -> Vec<String> {
    let mut found = Vec::new();
    for rule in rules
        .iter()
        .filter(|rule| graph.members().all(|package| package.name != rule.package))
    {
        found.push(format!(
            "{} has a rule but is no package of the workspace; remove the rule",
            rule.package
        ));
    }
    for package in graph.members() {
        match rules.iter().find(|rule| rule.package == package.name) {
            Some(rule) => check(graph, package, rule, &mut found),
            None => found.push(format!(
                "{} has no rule in xtask/src/tidy/dependencies.rs; add one",
                package.name
            )),
        }
    }
    found
}

fn check(graph: &Metadata, package: &Package, rule: &Rule, found: &mut Vec<String>) {
    let name = &package.name;
    for pattern in rule.never {
        if let Some(way) = graph.way(&package.id, |other| is_named(pattern, other)) {
            found.push(format!(
                "{name} must never depend on {pattern}: {}",
                way.join(" -> ")
            ));
        }
    }
    for declared in package.built() {
        let among = |patterns: &[&str]| {
            patterns
                .iter()
                .any(|pattern| is_named(pattern, &declared.name))
        };
        if among(rule.never_directly) {
            found.push(format!(
                "{name} must not depend on {} directly: its own manifest names it",
                declared.name
            ));
        }
        if among(rule.only_optional) && !declared.optional {
            found.push(format!(
                "{name} may depend on {} only as an optional feature",
                declared.name
            ));
        } else if among(rule.only_optional)
            && package.turns_on(declared, package.default_features())
        {
            found.push(format!(
                "{name} turns {} on by default; it must be asked for",
                declared.name
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const RULE: Rule = Rule {
        package: "a",
        never: &[],
        never_directly: &[],
        only_optional: &[],
    };

    /// A workspace whose only member is `a`; edges are (from, to, kind), optional ones marked with `?`.
    fn graph(edges: &[(&str, &str, Option<&str>)], default: &[&str]) -> Metadata {
        let names: BTreeSet<&str> = edges
            .iter()
            .flat_map(|(from, to, _)| [*from, *to])
            .chain(["a"])
            .collect();
        let of = |name: &str, each: fn(&(&str, &str, Option<&str>)) -> Value| -> Vec<Value> {
            edges
                .iter()
                .filter(|edge| edge.0 == name)
                .map(each)
                .collect()
        };
        let declared = |name: &str| {
            of(
                name,
                |(_, to, kind)| json!({ "name": to, "rename": null, "kind": kind, "optional": kind == &Some("optional") }),
            )
        };
        let deps = |name: &str| {
            of(
                name,
                |(_, to, kind)| json!({ "pkg": to, "dep_kinds": [{ "kind": kind }] }),
            )
        };
        let packages: Vec<_> = names.iter().map(|name| json!({
            "id": name, "name": name, "manifest_path": format!("/r/crates/{name}/Cargo.toml"),
            "dependencies": declared(name), "features": { "default": default, "extra": ["dep:zip"] },
        })).collect();
        let nodes: Vec<_> = names
            .iter()
            .map(|name| json!({ "id": name, "features": default, "deps": deps(name) }))
            .collect();
        serde_json::from_value(json!({
            "packages": packages, "workspace_members": ["a"], "workspace_root": "/r", "resolve": { "nodes": nodes },
        }))
        .unwrap()
    }

    fn check(edges: &[(&str, &str, Option<&str>)], default: &[&str], rule: Rule, expect: &[&str]) {
        assert_eq!(violations(&graph(edges, default), &[rule]), expect);
    }

    #[test]
    fn never_shows_the_way_through_others() {
        let rule = || Rule {
            never: &["burn*"],
            ..RULE
        };
        check(
            &[("a", "b", None), ("b", "burn-core", Some("build"))],
            &[],
            rule(),
            &["a must never depend on burn*: a -> b -> burn-core"],
        );
        check(
            &[("a", "b", None), ("b", "burn-core", Some("dev"))],
            &[],
            rule(),
            &[],
        );
        check(
            &[("a", "b", None), ("b", "sunburn", None)],
            &[],
            rule(),
            &[],
        );
    }

    #[test]
    fn an_optional_dependency_counts_when_a_feature_turns_it_on() {
        let rule = || Rule {
            never: &["zip"],
            ..RULE
        };
        let edges = [("a", "b", None), ("b", "zip", Some("optional"))];
        check(&edges, &[], rule(), &[]);
        check(&edges, &["zip?/std"], rule(), &[]);
        check(
            &edges,
            &["extra"],
            rule(),
            &["a must never depend on zip: a -> b -> zip"],
        );
    }

    #[test]
    fn never_directly_looks_at_the_manifest_only() {
        let rule = || Rule {
            never_directly: &["zip"],
            ..RULE
        };
        check(
            &[("a", "zip", None)],
            &[],
            rule(),
            &["a must not depend on zip directly: its own manifest names it"],
        );
        check(&[("a", "b", None), ("b", "zip", None)], &[], rule(), &[]);
        check(&[("a", "zip", Some("dev"))], &[], rule(), &[]);
    }

    #[test]
    fn only_optional_wants_the_feature_off_by_default() {
        let rule = || Rule {
            only_optional: &["zip"],
            ..RULE
        };
        check(
            &[("a", "zip", None)],
            &[],
            rule(),
            &["a may depend on zip only as an optional feature"],
        );
        check(&[("a", "zip", Some("optional"))], &[], rule(), &[]);
        check(
            &[("a", "zip", Some("optional"))],
            &["extra"],
            rule(),
            &["a turns zip on by default; it must be asked for"],
        );
    }

    #[test]
    fn packages_and_rules_must_match() {
        let graph = graph(&[], &[]);
        assert_eq!(
            violations(&graph, &[]),
            ["a has no rule in xtask/src/tidy/dependencies.rs; add one"]
        );
        let gone = Rule {
            package: "gone",
            ..RULE
        };
        let expect = "gone has a rule but is no package of the workspace; remove the rule";
        assert_eq!(violations(&graph, &[RULE, gone]), [expect]);
    }

    #[test]
    fn folders_count_from_the_root() {
        assert_eq!(graph(&[], &[]).member_folders(), ["crates/a"]);
    }
}
