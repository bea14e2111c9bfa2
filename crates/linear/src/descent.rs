//! L-BFGS. Source: Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989, with steps
//! halved until Armijo's condition holds. What is minimized is convex, so that every pair of steps is of use.

use std::collections::VecDeque;

use rayon::prelude::*;

use crate::problem::{Problem, dot};

/// Pairs of steps that are remembered.
const MEMORY: usize = 6;

/// The most times that a step is halved.
const HALVINGS: usize = 40;

/// The share of what a step promises that it must keep.
const ARMIJO: f64 = 1e-4;

pub(crate) struct Descent {
    weights: Vec<f64>,
    logits: Vec<f64>,
    gradient: Vec<f64>,
    objective: f64,
    /// The gradient's length at the beginning.
    first: f64,
    pairs: VecDeque<Pair>,
}

/// How far a step went, and how the gradient changed.
struct Pair {
    moved: Vec<f64>,
    changed: Vec<f64>,
    /// `1 / (moved · changed)`.
    curvature: f64,
}

impl Descent {
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let weights = vec![0.0; problem.size()];
        let logits = vec![0.0; problem.logits()];
        let gradient = problem.gradient(&weights, &logits);
        let first = dot(&gradient, &gradient).sqrt();
        Self {
            objective: problem.objective(&logits, 0.0),
            weights,
            logits,
            gradient,
            first,
            pairs: VecDeque::with_capacity(MEMORY),
        }
    }

    pub(crate) fn weights(&self) -> &[f64] {
        &self.weights
    }

    pub(crate) fn logits(&self) -> &[f64] {
        &self.logits
    }

    /// The gradient's length, as a share of what it was at the beginning.
    pub(crate) fn remaining(&self) -> f64 {
        let length = dot(&self.gradient, &self.gradient).sqrt();
        if self.first > 0.0 {
            length / self.first
        } else {
            0.0
        }
    }

    /// Goes one step down; `false` where none goes down any more.
    pub(crate) fn step(&mut self, problem: &Problem<'_>) -> bool {
        let direction = self.direction();
        let slope = dot(&self.gradient, &direction);
        if slope >= 0.0 {
            return false;
        }
        // All that changes along the line is a sum of these.
        let along = problem.forward(&direction);
        let squares = [
            problem.half_square(&self.weights),
            problem.dot_learned(&self.weights, &direction),
            problem.half_square(&direction),
        ];
        let mut length = match self.pairs.is_empty() {
            true => 1.0 / dot(&self.gradient, &self.gradient).sqrt().max(1.0),
            false => 1.0,
        };
        for _ in 0..HALVINGS {
            let logits = sum(&self.logits, length, &along);
            let square = squares[0] + length * (squares[1] + length * squares[2]);
            let objective = problem.objective(&logits, square);
            if objective <= self.objective + ARMIJO * length * slope {
                self.move_to(problem, length, &direction, logits, objective);
                return true;
            }
            length *= 0.5;
        }
        false
    }

    fn move_to(
        &mut self,
        problem: &Problem<'_>,
        length: f64,
        direction: &[f64],
        logits: Vec<f64>,
        objective: f64,
    ) {
        let moved: Vec<f64> = direction.par_iter().map(|x| length * x).collect();
        self.weights = sum(&self.weights, 1.0, &moved);
        let gradient = problem.gradient(&self.weights, &logits);
        let changed = sum(&gradient, -1.0, &self.gradient);
        let curvature = dot(&moved, &changed);
        if curvature > 0.0 {
            if self.pairs.len() == MEMORY {
                self.pairs.pop_front();
            }
            self.pairs.push_back(Pair {
                moved,
                changed,
                curvature: 1.0 / curvature,
            });
        }
        (self.logits, self.gradient, self.objective) = (logits, gradient, objective);
    }

    /// Minus the gradient, times what is known of the inverse of the second derivatives.
    fn direction(&self) -> Vec<f64> {
        let mut direction: Vec<f64> = self.gradient.par_iter().map(|x| -x).collect();
        let mut shares = Vec::with_capacity(self.pairs.len());
        for pair in self.pairs.iter().rev() {
            let share = pair.curvature * dot(&pair.moved, &direction);
            add(&mut direction, -share, &pair.changed);
            shares.push(share);
        }
        if let Some(last) = self.pairs.back() {
            let scale = 1.0 / (last.curvature * dot(&last.changed, &last.changed));
            direction.par_iter_mut().for_each(|x| *x *= scale);
        }
        for (pair, share) in self.pairs.iter().zip(shares.into_iter().rev()) {
            let back = pair.curvature * dot(&pair.changed, &direction);
            add(&mut direction, share - back, &pair.moved);
        }
        direction
    }
}

/// `to + times · of`.
fn sum(to: &[f64], times: f64, of: &[f64]) -> Vec<f64> {
    to.par_iter()
        .zip(of)
        .map(|(to, of)| to + times * of)
        .collect()
}

/// `to ← to + times · of`.
fn add(to: &mut [f64], times: f64, of: &[f64]) {
    to.par_iter_mut()
        .zip(of)
        .for_each(|(to, of)| *to += times * of);
}
