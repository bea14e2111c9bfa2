//! Samples per second of training and inference: the kernels alone, this project's networks, and the
//! same network of burn's own layers.
//!
//! `cargo bench -p recurrent-models --bench lstm_throughput` measures with criterion; every subject's
//! answer is checked first. With `--serve` it measures what it is asked for, line by line, so that
//! another program can take it in turn with others (`cargo xtask bench lstm`).

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what it prints is for the person who runs it"
)]
#![allow(
    missing_docs,
    reason = "criterion's macros define undocumented functions"
)]
#![allow(
    clippy::unwrap_used,
    reason = "a benchmark may stop at the first surprise"
)]

mod serve;
mod subject;

use criterion::{BenchmarkId, Criterion, Throughput};
use subject::{Backend, Case, Mode, Subject};

const BATCHES: [usize; 4] = [1, 32, 128, 1024];
const UNITS: [usize; 3] = [64, 128, 256];
const TIMES: [usize; 2] = [100, 400];

fn benchmark(criterion: &mut Criterion) {
    for mode in [Mode::Train, Mode::Infer] {
        for time in TIMES {
            for hidden in UNITS {
                let mut group =
                    criterion.benchmark_group(format!("{}/T{time}/H{hidden}", mode.name()));
                group.sample_size(10);
                for batch in BATCHES {
                    for name in ["kernels", "recurrent", "burn"] {
                        // Stock burn would take minutes for one step.
                        if name == "burn" && batch * time * hidden > 128 * 100 * 64 {
                            continue;
                        }
                        let case = Case {
                            subject: name.to_owned(),
                            network: "lstm".to_owned(),
                            mode,
                            batch,
                            time,
                            hidden,
                            backend: Backend::Flex,
                            runs: 1,
                        };
                        let mut subject = Subject::new(&case).unwrap();
                        group.throughput(Throughput::Elements(batch as u64));
                        group.bench_function(BenchmarkId::new(name, batch), |bencher| {
                            bencher.iter(|| subject.run());
                        });
                    }
                }
                group.finish();
            }
        }
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "--serve") {
        serve::serve();
        return;
    }
    subject::check_answers();
    let mut criterion = Criterion::default().configure_from_args();
    benchmark(&mut criterion);
    criterion.final_summary();
}
