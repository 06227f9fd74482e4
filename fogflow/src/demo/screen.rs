//! The demo on a terminal.

use std::time::Duration;

use anyhow::Context;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style, Stylize};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, BorderType, Borders, Cell, Paragraph, Row, Table};
use ratatui::{DefaultTerminal, Frame};
use tokio_util::sync::CancellationToken;

use super::Demo;
use super::board::{Task, site};
use super::case::THRESHOLD;
use super::findings::Panel;
use super::plain::{latency, next_steps};

const EVERY: Duration = Duration::from_millis(200);
const ACCENT: Color = Color::Cyan;
const BAR: usize = 12;

/// Shows the demo until `q`, Ctrl-C, a signal or the end of its time; the terminal is put back in any case.
pub(super) async fn show(demo: &Demo) -> anyhow::Result<()> {
    let mut terminal = ratatui::try_init().context("cannot use the terminal; try --plain")?;
    let outcome = refresh(demo, &mut terminal).await;
    ratatui::restore();
    outcome
}

async fn refresh(demo: &Demo, terminal: &mut DefaultTerminal) -> anyhow::Result<()> {
    let keys = tokio::task::spawn_blocking({
        let ending = demo.ending.clone();
        move || watch_keys(&ending)
    });
    let mut times = tokio::time::interval(EVERY);
    while demo.ending.run_until_cancelled(times.tick()).await.is_some() {
        terminal.draw(|frame| draw(demo, frame)).context("cannot draw")?;
        if demo.ends_after.is_some_and(|end| demo.begun.elapsed() >= end) {
            break;
        }
    }
    demo.ending.cancel();
    keys.await.context("the keyboard's thread ended badly")?.context("cannot read the keyboard")
}

/// Cancels the token at `q` or Ctrl-C; ends when it is cancelled.
fn watch_keys(ending: &CancellationToken) -> std::io::Result<()> {
    while !ending.is_cancelled() {
        if !event::poll(EVERY)? {
            continue;
        }
        if let Event::Key(key) = event::read()?
            && key.kind == KeyEventKind::Press
            && (matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
                || (key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL)))
        {
            ending.cancel();
        }
    }
    Ok(())
}

fn draw(demo: &Demo, frame: &mut Frame) {
    let rows =
        Layout::vertical([Constraint::Length(1), Constraint::Min(8), Constraint::Length(8), Constraint::Length(6)]);
    let [head, middle, results, foot] = rows.areas(frame.area());
    let [panels, tasks] = Layout::horizontal([Constraint::Percentage(42), Constraint::Percentage(58)]).areas(middle);
    let [found, services] = Layout::horizontal([Constraint::Percentage(58), Constraint::Percentage(42)]).areas(results);
    frame.render_widget(title(demo), head);
    frame.render_widget(panel_table(demo, panels), panels);
    frame.render_widget(task_table(demo), tasks);
    frame.render_widget(result_text(demo), found);
    frame.render_widget(service_text(demo), services);
    // Nothing stands beside the lines, so that they can be copied.
    let steps = Paragraph::new(next_steps(demo, "\n").join("\n"));
    frame.render_widget(steps.block(framed("What next · q quits").borders(Borders::TOP)), foot);
}

fn framed(title: &str) -> Block<'static> {
    let title = Span::styled(format!(" {title} "), Style::new().add_modifier(Modifier::BOLD));
    Block::bordered().border_type(BorderType::Rounded).border_style(Style::new().fg(Color::DarkGray)).title(title)
}

fn title(demo: &Demo) -> Line<'static> {
    let placements = demo.board.placements();
    let placements = placements.iter().map(|(site, count)| format!("{site} {count}")).collect::<Vec<_>>().join(", ");
    Line::from(vec![
        Span::from(" FogFlow demo ").bold().fg(Color::Black).bg(ACCENT),
        Span::from(format!(
            "  {} s · {} updates · {} errors · {} instances ({placements})",
            demo.begun.elapsed().as_secs(),
            demo.stats.sent(),
            demo.stats.failed(),
            demo.board.running()
        )),
    ])
}

fn panel_table(demo: &Demo, area: Rect) -> Table<'static> {
    let panels = demo.findings.panels();
    let shown = usize::from(area.height.saturating_sub(3));
    let title = match panels.len().checked_sub(shown) {
        Some(hidden) if hidden > 0 => format!("Panels · {} of {}", shown, panels.len()),
        _ => format!("Panels · {}", panels.len()),
    };
    let widths = [Constraint::Min(12), Constraint::Length(7), Constraint::Length(12)];
    let header = Row::new(["panel", "usage", ""]).style(Style::new().fg(Color::DarkGray));
    Table::new(panels.iter().take(shown).map(panel_row), widths).header(header).block(framed(&title))
}

fn panel_row(panel: &Panel) -> Row<'static> {
    let usage = panel.usage.unwrap_or_default();
    let style = if usage > THRESHOLD { Style::new().fg(Color::Red).bold() } else { Style::new().fg(ACCENT) };
    let value = panel.usage.map_or_else(|| "–".to_owned(), |usage| format!("{usage:>6.1}"));
    Row::new([
        Cell::from(format!("{} {}", panel.shop, panel.id.rsplit('.').next().unwrap_or_default())),
        Cell::from(value).style(style),
        Cell::from(bar(usage)).style(style),
    ])
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a few characters")]
fn bar(percent: f64) -> String {
    let filled = (percent.clamp(0.0, 100.0) / 100.0 * BAR as f64).round() as usize;
    "█".repeat(filled)
}

fn task_table(demo: &Demo) -> Table<'static> {
    let mut tasks = demo.board.tasks();
    tasks.sort_by_cached_key(|task| (task.task_name.clone(), demo.board.reads(task), task.id.clone()));
    let widths = [Constraint::Length(9), Constraint::Min(12), Constraint::Length(9), Constraint::Length(10)];
    let header = Row::new(["task", "reads", "worker", "state"]).style(Style::new().fg(Color::DarkGray));
    let title = format!("Placements · {} running", demo.board.running());
    let rows = tasks.iter().map(|task| task_row(task, demo.board.reads(task)));
    Table::new(rows, widths).header(header).block(framed(&title))
}

fn task_row(task: &Task, reads: String) -> Row<'static> {
    let color = match task.status.as_str() {
        "running" => Color::Green,
        "failed" => Color::Red,
        _ => Color::Yellow,
    };
    Row::new([
        Cell::from(task.task_name.clone()),
        Cell::from(reads),
        Cell::from(format!("→ {}", site(&task.worker))).style(Style::new().fg(ACCENT)),
        Cell::from(task.status.clone()).style(Style::new().fg(color)),
    ])
}

fn result_text(demo: &Demo) -> Paragraph<'static> {
    let counted = demo.findings.counted().unwrap_or_else(|| "nothing yet".to_owned());
    let mut lines = vec![
        Line::from(vec![Span::from("counter says  "), Span::from(counted).bold().fg(ACCENT)]),
        Line::from(latency(demo)),
    ];
    lines.extend(demo.findings.latest(4).into_iter().map(|anomaly| {
        let age = anomaly.at.elapsed().as_secs();
        let panel = anomaly.panel.split_once('.').map_or(anomaly.panel.as_str(), |(_, shop)| shop).replace('.', " ");
        let said = format!("{:.1} at {panel}", anomaly.usage);
        Line::from(vec![
            Span::from(said).fg(Color::Red),
            Span::from(format!("  after {:.1} ms, {age} s ago", anomaly.latency_ms)).fg(Color::DarkGray),
        ])
    }));
    Paragraph::new(Text::from(lines)).block(framed(&format!("Results · {} anomalies", demo.findings.anomalies())))
}

fn service_text(demo: &Demo) -> Paragraph<'static> {
    let line = |(name, url): &(String, String)| {
        Line::from(vec![
            Span::from(format!("{name:<13} ")),
            Span::from(url.trim_start_matches("http://").to_owned()).fg(Color::DarkGray),
        ])
    };
    Paragraph::new(demo.services.iter().map(line).collect::<Vec<_>>()).block(framed("Services"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::demo::tests::demo;

    #[tokio::test]
    async fn every_size_of_terminal_is_drawn() {
        let demo = demo();
        for (width, height) in [(1, 1), (20, 5), (80, 24), (200, 60)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal.draw(|frame| draw(&demo, frame)).unwrap();
        }
        let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
        terminal.draw(|frame| draw(&demo, frame)).unwrap();
        let screen = terminal.backend().to_string();
        for said in ["harbour 3", "127.0.0.1:8070", "index.html", "counter says  nothing yet"] {
            assert!(screen.contains(said), "{said} is not on\n{screen}");
        }
    }
}
