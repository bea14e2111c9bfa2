//! The example that the book works through by hand: its three ways to a gradient agree.

#[path = "../examples/one_unit.rs"]
mod one_unit;

#[test]
fn the_gradient_by_hand_is_the_kernels_and_the_differences() {
    one_unit::main().unwrap();
    let [by_hand, by_kernels, by_differences] = one_unit::gradients().unwrap();
    for weight in 0..3 {
        assert!((by_hand[weight] - by_kernels[weight]).abs() < 1e-14);
        assert!((by_hand[weight] - by_differences[weight]).abs() < 1e-9);
    }
    // The numbers that docs/lesson/03-through-time.md prints.
    let printed = by_hand.map(|gradient| format!("{gradient:+.6}"));
    assert_eq!(printed, ["-0.072336", "-0.550809", "-1.210589"]);
}
