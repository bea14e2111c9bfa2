//! A network as a burn module.

use burn::module::{Module, ModuleMapper, ModuleVisitor};
use burn::tensor::Device;

use super::{BodyLayer, NamedLayer, Network};

/// What `visit` and `map` call a layer of a network.
const CONTAINER: &str = "Struct:Network";

/// By hand, because the names of layers, and so of weights, are data.
impl Module for Network {
    fn collect_devices(&self, devices: Vec<Device>) -> Vec<Device> {
        let devices = self.embedding.collect_devices(devices);
        let devices = self
            .layers
            .iter()
            .fold(devices, |devices, layer| layer.layer.devices_with(devices));
        self.output.collect_devices(devices)
    }

    fn fork(self, device: &Device) -> Self {
        self.each(OnDevice::Fork(device))
    }

    fn to_device(self, device: &Device) -> Self {
        self.each(OnDevice::To(device))
    }

    fn train(self) -> Self {
        self.each(OnDevice::Train)
    }

    fn valid(&self) -> Self {
        self.clone().each(OnDevice::Valid)
    }

    fn materialize(self) -> Self {
        self.each(OnDevice::Materialize)
    }

    fn visit<V: ModuleVisitor>(&self, visitor: &mut V) {
        visitor.enter_module("embedding", CONTAINER);
        self.embedding.visit(visitor);
        visitor.exit_module("embedding", CONTAINER);
        for NamedLayer { name, layer } in &self.layers {
            visitor.enter_module(name, CONTAINER);
            match layer {
                BodyLayer::Recurrent { layer, .. } => layer.visit(visitor),
                BodyLayer::Dense { layer, .. } => layer.visit(visitor),
                BodyLayer::Ngrams { table, .. } => table.visit(visitor),
                BodyLayer::Evidence { table, .. } => table.visit(visitor),
                BodyLayer::Pool(_) | BodyLayer::Dropout(_) => {}
            }
            visitor.exit_module(name, CONTAINER);
        }
        visitor.enter_module("output", CONTAINER);
        self.output.visit(visitor);
        visitor.exit_module("output", CONTAINER);
    }

    fn map<M: ModuleMapper>(self, mapper: &mut M) -> Self {
        mapper.enter_module("embedding", CONTAINER);
        let embedding = self.embedding.map(mapper);
        mapper.exit_module("embedding", CONTAINER);
        let mut layers = Vec::with_capacity(self.layers.len());
        for NamedLayer { name, layer } in self.layers {
            mapper.enter_module(&name, CONTAINER);
            let layer = match layer {
                BodyLayer::Recurrent {
                    layer,
                    returns,
                    dropout,
                } => BodyLayer::Recurrent {
                    layer: layer.map(mapper),
                    returns,
                    dropout,
                },
                BodyLayer::Dense { layer, activation } => BodyLayer::Dense {
                    layer: layer.map(mapper),
                    activation,
                },
                BodyLayer::Ngrams {
                    table,
                    widths,
                    dropout,
                } => BodyLayer::Ngrams {
                    table: table.map(mapper),
                    widths,
                    dropout,
                },
                BodyLayer::Evidence {
                    table,
                    widths,
                    folds,
                } => BodyLayer::Evidence {
                    table: table.map(mapper),
                    widths,
                    folds,
                },
                other => other,
            };
            mapper.exit_module(&name, CONTAINER);
            layers.push(NamedLayer { name, layer });
        }
        mapper.enter_module("output", CONTAINER);
        let output = self.output.map(mapper);
        mapper.exit_module("output", CONTAINER);
        Self {
            embedding,
            layers,
            output,
            ..self
        }
    }
}

/// What is done with each module of a network alike.
#[derive(Clone, Copy)]
enum OnDevice<'a> {
    Fork(&'a Device),
    To(&'a Device),
    Train,
    Valid,
    Materialize,
}

impl OnDevice<'_> {
    fn done<M: Module>(self, module: M) -> M {
        match self {
            Self::Fork(device) => module.fork(device),
            Self::To(device) => module.to_device(device),
            Self::Train => module.train(),
            Self::Valid => module.valid(),
            Self::Materialize => module.materialize(),
        }
    }
}

impl Network {
    fn each(self, what: OnDevice<'_>) -> Self {
        let layer = |named: NamedLayer| NamedLayer {
            name: named.name,
            layer: match named.layer {
                BodyLayer::Recurrent {
                    layer,
                    returns,
                    dropout,
                } => BodyLayer::Recurrent {
                    layer: what.done(layer),
                    returns,
                    dropout,
                },
                BodyLayer::Dense { layer, activation } => BodyLayer::Dense {
                    layer: what.done(layer),
                    activation,
                },
                BodyLayer::Ngrams {
                    table,
                    widths,
                    dropout,
                } => BodyLayer::Ngrams {
                    table: what.done(table),
                    widths,
                    dropout,
                },
                BodyLayer::Evidence {
                    table,
                    widths,
                    folds,
                } => BodyLayer::Evidence {
                    table: what.done(table),
                    widths,
                    folds,
                },
                other => other,
            },
        };
        Self {
            embedding: what.done(self.embedding),
            layers: self.layers.into_iter().map(layer).collect(),
            output: what.done(self.output),
            ..self
        }
    }
}

impl BodyLayer {
    fn devices_with(&self, devices: Vec<Device>) -> Vec<Device> {
        match self {
            Self::Recurrent { layer, .. } => layer.collect_devices(devices),
            Self::Dense { layer, .. } => layer.collect_devices(devices),
            Self::Ngrams { table, .. } => table.collect_devices(devices),
            Self::Evidence { table, .. } => table.collect_devices(devices),
            Self::Pool(_) | Self::Dropout(_) => devices,
        }
    }
}
