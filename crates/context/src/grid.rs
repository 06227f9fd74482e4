//! The places of entities in a grid of cells, to find those in a box.
//!
//! Every cell has a number, and cells that are near to each other have mostly numbers that are; a box is a few ranges of numbers. A
//! place is entered in the finest grid in which it takes at most four cells, so one that moves within a cell costs nothing. An
//! R-tree was rejected: it takes five times the memory, and moving a point costs several times as much.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use ngsi::filter::bounds::{Bounds, Extent};

/// Grids of 2ⁿ rows and columns, finest first: cells of 76 to 153 metres at the equator, each next one eight times as wide.
const GRIDS: [u32; 7] = [FINEST, 15, 12, 9, 6, 3, 0];
const FINEST: u32 = 18;
/// Bits for the slot of an entity.
const SLOT_BITS: u32 = 23;
const SLOT_MASK: u64 = (1 << SLOT_BITS) - 1;
/// Bits for the number of a cell.
const CELL_BITS: u32 = 2 * FINEST;
/// Into how many parts the longer side of a box is divided at most when it is made of ranges.
const PARTS: u32 = 8;

/// Which slots have places where.
#[derive(Debug, Default)]
pub(crate) struct Grid {
    /// Grid, cell and slot, in one number.
    entries: BTreeSet<u64>,
    /// What is entered for each slot, as far as any has been.
    areas: Vec<Option<Area>>,
    /// Slots whose places fit no cells.
    anywhere: BTreeSet<u32>,
    /// How many areas there are in each grid.
    counts: [u32; GRIDS.len()],
}

/// Up to two rows and columns of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Area {
    grid: u8,
    tall: bool,
    wide: bool,
    row: u32,
    column: u32,
}

/// A box, or several, as ranges of cells.
#[derive(Debug, Clone)]
pub struct Cover {
    /// Of each grid.
    ranges: [Vec<RangeInclusive<u64>>; GRIDS.len()],
}

impl Grid {
    /// Notes where the entity in a slot is now.
    pub(crate) fn put(&mut self, slot: u32, extent: Extent) {
        let area = match extent {
            Extent::Nowhere => None,
            Extent::Within(bounds) if u64::from(slot) <= SLOT_MASK => Some(Area::of(&bounds)),
            Extent::Within(_) | Extent::Anywhere => {
                self.enter(slot, None);
                self.anywhere.insert(slot);
                return;
            }
        };
        self.anywhere.remove(&slot);
        self.enter(slot, area);
    }

    fn enter(&mut self, slot: u32, area: Option<Area>) {
        let index = slot as usize;
        let former = self.areas.get(index).copied().flatten();
        if former == area {
            return;
        }
        if let Some(former) = former {
            self.counts[usize::from(former.grid)] -= 1;
            for cell in former.cells() {
                self.entries.remove(&entry(former.grid, cell, slot));
            }
        }
        if let Some(area) = area {
            self.counts[usize::from(area.grid)] += 1;
            self.entries.extend(area.cells().map(|cell| entry(area.grid, cell, slot)));
        }
        if self.areas.len() <= index {
            self.areas.resize(index + 1, None);
        }
        self.areas[index] = area;
    }

    /// The slots whose places may meet the box, each once.
    pub(crate) fn candidates(&self, cover: &Cover) -> Vec<u32> {
        let mut slots: Vec<u32> = self.anywhere.iter().copied().collect();
        for (ranges, _) in cover.ranges.iter().zip(self.counts).filter(|(_, count)| *count > 0) {
            for range in ranges {
                slots.extend(self.entries.range(range.clone()).map(slot_of));
            }
        }
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}

fn entry(grid: u8, cell: u64, slot: u32) -> u64 {
    (u64::from(grid) << (CELL_BITS + SLOT_BITS)) | (cell << SLOT_BITS) | u64::from(slot)
}

fn slot_of(entry: &u64) -> u32 {
    (entry & SLOT_MASK) as u32
}

impl Area {
    fn of(bounds: &Bounds) -> Self {
        let (south, north) = (row(bounds.south), row(bounds.north));
        let (west, east) = (column(bounds.west), column(bounds.east));
        let in_grid = |(grid, bits): (u8, &u32)| {
            let coarse = FINEST - bits;
            let (row, column) = (south >> coarse, west >> coarse);
            let (more_rows, more_columns) = ((north >> coarse) - row, (east >> coarse) - column);
            (more_rows < 2 && more_columns < 2).then_some(Self {
                grid,
                tall: more_rows == 1,
                wide: more_columns == 1,
                row,
                column,
            })
        };
        // The coarsest grid is one cell.
        let world = Self { grid: 6, tall: false, wide: false, row: 0, column: 0 };
        (0..).zip(&GRIDS).find_map(in_grid).unwrap_or(world)
    }

    fn cells(self) -> impl Iterator<Item = u64> {
        let rows = self.row..=self.row + u32::from(self.tall);
        rows.flat_map(move |row| {
            let columns = self.column..=self.column + u32::from(self.wide);
            columns.map(move |column| number(row, column))
        })
    }
}

fn row(latitude: f64) -> u32 {
    step((latitude + 90.0) / 180.0)
}

fn column(longitude: f64) -> u32 {
    step((longitude + 180.0) / 360.0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the bits of a row")]
fn step(fraction: f64) -> u32 {
    let count = f64::from(1_u32 << FINEST);
    (fraction * count).clamp(0.0, count - 1.0) as u32
}

/// The bits of both, row and column by turns.
fn number(row: u32, column: u32) -> u64 {
    spread(row) << 1 | spread(column)
}

/// Every bit is followed by a zero.
fn spread(bits: u32) -> u64 {
    let mut spread = u64::from(bits);
    for (shift, mask) in [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ] {
        spread = (spread | spread << shift) & mask;
    }
    spread
}

impl Cover {
    /// Covers boxes, and a little more.
    #[must_use]
    pub fn of(bounds: &[Bounds]) -> Self {
        let mut ranges: [Vec<_>; GRIDS.len()] = Default::default();
        for ((grid, bits), ranges) in (0..).zip(GRIDS).zip(&mut ranges) {
            let mut cells = Vec::new();
            bounds.iter().for_each(|bounds| Square::whole(bits).cover(&Rows::of(bounds, bits), &mut cells));
            let entries =
                |cells: RangeInclusive<u64>| entry(grid, *cells.start(), 0)..=entry(grid, *cells.end(), 0) | SLOT_MASK;
            *ranges = joined(cells).into_iter().map(entries).collect();
        }
        Self { ranges }
    }
}

/// Ranges without gaps between them as one.
fn joined(mut ranges: Vec<RangeInclusive<u64>>) -> Vec<RangeInclusive<u64>> {
    ranges.sort_unstable_by_key(|range| *range.start());
    let mut joined: Vec<RangeInclusive<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if *range.start() <= last.end() + 1 => *last = *last.start()..=*last.end().max(range.end()),
            _ => joined.push(range),
        }
    }
    joined
}

/// A box in the cells of one grid.
struct Rows {
    rows: RangeInclusive<u32>,
    columns: RangeInclusive<u32>,
    /// The side of the smallest squares it is worth dividing it into.
    least: u32,
}

impl Rows {
    fn of(bounds: &Bounds, bits: u32) -> Self {
        let coarse = FINEST - bits;
        let rows = row(bounds.south) >> coarse..=row(bounds.north) >> coarse;
        let columns = column(bounds.west) >> coarse..=column(bounds.east) >> coarse;
        let side = (rows.end() - rows.start()).max(columns.end() - columns.start()) + 1;
        Self { rows, columns, least: (side / PARTS).next_power_of_two() }
    }
}

/// A square of cells whose numbers follow one another.
#[derive(Clone, Copy)]
struct Square {
    row: u32,
    column: u32,
    side: u32,
}

impl Square {
    fn whole(bits: u32) -> Self {
        Self { row: 0, column: 0, side: 1 << bits }
    }

    fn cover(self, wanted: &Rows, found: &mut Vec<RangeInclusive<u64>>) {
        let (rows, columns) = (self.row..=self.row + self.side - 1, self.column..=self.column + self.side - 1);
        if !meet(&rows, &wanted.rows) || !meet(&columns, &wanted.columns) {
            return;
        }
        if self.side <= wanted.least || (within(&rows, &wanted.rows) && within(&columns, &wanted.columns)) {
            let first = number(self.row, self.column);
            found.push(first..=first + u64::from(self.side) * u64::from(self.side) - 1);
            return;
        }
        let side = self.side / 2;
        for (row, column) in [(0, 0), (0, side), (side, 0), (side, side)] {
            Self { row: self.row + row, column: self.column + column, side }.cover(wanted, found);
        }
    }
}

fn meet(one: &RangeInclusive<u32>, other: &RangeInclusive<u32>) -> bool {
    one.start() <= other.end() && other.start() <= one.end()
}

fn within(one: &RangeInclusive<u32>, whole: &RangeInclusive<u32>) -> bool {
    whole.start() <= one.start() && one.end() <= whole.end()
}
