//! What this build and machine can run on.

use recurrent_kernels::Isa;

use crate::backend::automatic;
use crate::libtorch::Facts;
use crate::terminal::printable;

/// One line a backend: there or not, and what to do about it.
pub(crate) fn report() -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let facts = Facts::gather();
    let (chosen, why) = automatic(&facts);
    format!(
        "recurrent {} on {} {}, {threads} CPU threads, {}\n\
         kernels run with {} (this CPU has: {}){}\n\
         flex    available: burn's pure-Rust CPU backend, nothing to install\n\
         {}\n{}\n\
         auto    is {}: {why}",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH,
        cpu(),
        isa(),
        Isa::available()
            .into_iter()
            .map(Isa::name)
            .collect::<Vec<_>>()
            .join(", "),
        remarks(),
        libtorch_cpu(&facts),
        libtorch_cuda(&facts),
        chosen.name(),
    )
}

fn libtorch_cpu(facts: &Facts) -> String {
    match facts.cpu() {
        Ok(built) => format!(
            "libtorch-cpu    available: libtorch {} with {} threads, from {}",
            built.version,
            facts.linked.threads,
            built.folder.display()
        ),
        Err(reason) => format!("libtorch-cpu    not available: {reason}"),
    }
}

fn libtorch_cuda(facts: &Facts) -> String {
    match facts.cuda() {
        Ok(driver) => format!(
            "libtorch-cuda   available: {}, driver {}",
            driver.gpu, driver.version
        ),
        Err(reason) => format!("libtorch-cuda   not available: {reason}"),
    }
}

/// What there is to say of the instruction set: that multiply-adds take software, or that the one asked for is not there.
fn remarks() -> String {
    let mut remarks = String::new();
    if let Ok(name) = std::env::var(Isa::VARIABLE)
        && Isa::named(&name).is_none()
    {
        let variable = Isa::VARIABLE;
        remarks += &format!(
            "\n        {variable} names {}, which this CPU does not have: ignored",
            printable(&name)
        );
    }
    if !Isa::best().fuses_in_hardware() {
        remarks += "\n        this CPU has no fused multiply-add: software computes the same results, slowly";
    }
    remarks
}

/// The instruction set that the kernels use.
pub(crate) fn isa() -> &'static str {
    Isa::best().name()
}

/// The processor's name where the system tells.
pub(crate) fn cpu() -> String {
    std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            text.lines()
                .find(|line| line.starts_with("model name"))
                .and_then(|line| line.split(':').nth(1))
                .map(|name| name.trim().to_owned())
        })
        .unwrap_or_else(|| "an unnamed processor".to_owned())
}
