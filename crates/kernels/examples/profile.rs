use recurrent_kernels::*;
use std::time::Instant;
fn main() {
    let a: Vec<usize> = std::env::args()
        .skip(2)
        .map(|x| x.parse().unwrap())
        .collect();
    let cell = match std::env::args().nth(1).as_deref() {
        Some("rnn") => Cell::SimpleRnn,
        Some("gru") => Cell::Gru,
        _ => Cell::Lstm,
    };
    let (b, h, t) = (
        a.first().copied().unwrap_or(32),
        a.get(1).copied().unwrap_or(64),
        a.get(2).copied().unwrap_or(100),
    );
    let f64s = a.get(3).copied().unwrap_or(0);
    if f64s == 1 {
        go::<f64>(cell, b, h, t)
    } else {
        go::<f32>(cell, b, h, t)
    }
}
fn go<E: Real>(cell: Cell, b: usize, h: usize, t: usize) {
    let a: Vec<usize> = std::env::args()
        .skip(2)
        .map(|x| x.parse().unwrap())
        .collect();
    let d = 128;
    let v = 1001;
    let mut s = 1u64;
    let mut rnd = move || {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        (s >> 40) as f64 / (1u64 << 24) as f64
    };
    let g = cell.gates();
    let mut draw =
        |n: usize, k: f64| -> Vec<E> { (0..n).map(|_| E::from_f64((rnd() - 0.5) * k)).collect() };
    let (e, w, u, bias) = (
        draw(v * d, 0.1),
        draw(d * g * h, 0.2),
        draw(h * g * h, 0.2),
        draw(cell.biases() * g * h, 0.1),
    );
    let dh = draw(b * h, 0.1);
    // Zipf-like tokens
    let index: Vec<u32> = draw(b * t, 1.0)
        .iter()
        .map(|x| {
            let x = x.to_f64() + 0.5;
            ((1000f64).powf(x) as u32).min(999)
        })
        .collect();
    let mut uniq = index.clone();
    uniq.sort();
    uniq.dedup();
    let uq = uniq.len();
    let shape = Shape {
        cell,
        direction: Direction::Forward,
        rows: b,
        time: t,
        inputs: d,
        units: h,
    };
    let weights = Weights {
        kernel: &w,
        recurrent_kernel: &u,
        bias: &bias,
    };
    let input = Input::tokens(&e, &index);
    let o = Options {
        precision: if a.get(4) == Some(&1) {
            Precision::Double
        } else {
            Precision::Own
        },
        ..Options::default()
    };
    let n = (8000 / b.max(8)).max(6);
    let mut ti = vec![];
    let mut tf = vec![];
    let mut tb = vec![];
    for _ in 0..n {
        let s = Instant::now();
        let _ = forward(&shape, &weights, &input, &o).unwrap();
        ti.push(s.elapsed().as_secs_f64() * 1e3);
        let s = Instant::now();
        let (_, tape) = forward_recorded(&shape, &weights, &input, &o).unwrap();
        tf.push(s.elapsed().as_secs_f64() * 1e3);
        let s = Instant::now();
        let gr = tape.backward(&Upstream::last(&dh)).unwrap();
        tb.push(s.elapsed().as_secs_f64() * 1e3);
        std::hint::black_box(gr);
    }
    let mm = |x: &mut Vec<f64>| {
        x.sort_by(|a, b| a.total_cmp(b));
        (x[0], x[x.len() / 2])
    };
    let (i, f, bk) = (mm(&mut ti), mm(&mut tf), mm(&mut tb));
    let flop = 2.0 * (b * t * h * g * h * 3 + 3 * uq * d * g * h) as f64;
    println!(
        "{cell:?} B={b} H={h} T={t} uniq={uq} {} infer {:.3}/{:.3} fwd {:.3}/{:.3} bwd {:.3}/{:.3} total min {:.3} med {:.3} GF/s {:.1}",
        o.isa.name(),
        i.0,
        i.1,
        f.0,
        f.1,
        bk.0,
        bk.1,
        f.0 + bk.0,
        f.1 + bk.1,
        flop / (f.0 + bk.0) / 1e6
    );
}
