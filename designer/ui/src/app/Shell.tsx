// What surrounds every page: the menu, whether the stream is live, and the theme.
import { type ReactNode, type Ref, useEffect, useRef, useState } from "react";
import { useLive } from "@/api/live";
import { Button, Icon, type IconName, Notice, plural, time } from "@/ui";
import { groups } from "./nav";
import { hashOf } from "./router";
import css from "./Shell.module.css";
import { setTheme, type Theme, useTheme } from "./theme";

export function Shell({ page, children }: { page: string; children: ReactNode }) {
  const { open, setOpen, menu } = useMenu(page);
  return (
    <div className={css.shell}>
      <button type="button" className={css.skip} onClick={toMain}>
        Skip to the content
      </button>
      <header className={css.top} inert={open}>
        <Button
          look="plain"
          icon="menu"
          aria-label="Menu"
          aria-expanded={open}
          onClick={() => setOpen(true)}
        />
        <a className={css.brand} href={hashOf("overview")}>
          <Mark />
          FogFlow
        </a>
        <Connection />
      </header>
      {open && (
        <button
          type="button"
          className={css.veil}
          aria-label="Close the menu"
          onClick={() => setOpen(false)}
        />
      )}
      <Side ref={menu} page={page} open={open} />
      <main className={css.main} id="main" tabIndex={-1} inert={open}>
        <Lost />
        {children}
      </main>
    </div>
  );
}

/** On a narrow screen; the menu of a wide one is always there. */
const narrow = matchMedia("(max-width: 720px)");

/** The menu that opens over the page: it has the focus while it is open, and gives it back. */
function useMenu(page: string) {
  const [open, setOpen] = useState(false);
  const menu = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when another page is shown
  useEffect(() => setOpen(false), [page]);
  useEffect(() => {
    if (!open) return;
    const close = () => setOpen(false);
    const closeByKey = (event: KeyboardEvent) => event.key === "Escape" && close();
    const before = document.activeElement;
    menu.current?.querySelector<HTMLElement>('[aria-current="page"]')?.focus();
    addEventListener("keydown", closeByKey);
    narrow.addEventListener("change", close);
    return () => {
      removeEventListener("keydown", closeByKey);
      narrow.removeEventListener("change", close);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [open]);
  return { open, setOpen, menu };
}

function toMain() {
  document.getElementById("main")?.focus();
}

function Side({ ref, page, open }: { ref: Ref<HTMLElement>; page: string; open: boolean }) {
  const site = useLive((live) => live.site);
  const version = useLive((live) => live.version);
  return (
    <nav ref={ref} className={css.side} data-open={open} aria-label="Pages">
      <a className={css.brand} href={hashOf("overview")}>
        <Mark />
        FogFlow
      </a>
      {groups.map((group) => (
        <div key={group.name} className={css.group}>
          <div className={css.groupName}>{group.name}</div>
          {group.entries.map((entry) => (
            <a
              key={entry.page}
              className={css.link}
              href={hashOf(entry.page)}
              aria-current={entry.page === page ? "page" : undefined}
            >
              <Icon name={entry.icon} />
              {entry.name}
            </a>
          ))}
        </div>
      ))}
      <div className={css.foot}>
        <Connection />
        <ThemeChoice />
        {site && (
          <div>
            {site}
            {version && ` · ${version}`}
          </div>
        )}
      </div>
    </nav>
  );
}

const Mark = () => <img src="/favicon.svg" width="26" height="26" alt="" />;

const said = { connecting: "Connecting", live: "Live", lost: "No connection" };

function Connection() {
  const state = useLive((live) => live.connection);
  return (
    <div className={css.live} data-state={state} role="status">
      {said[state]}
    </div>
  );
}

/** Says what is on the screen while the designer is away. */
function Lost() {
  const lost = useLive((live) => live.connection === "lost");
  const heard = useLive((live) => live.heard);
  const known = useLive((live) => live.instances.size);
  if (!lost) return null;
  const since = heard
    ? ` This is how things stood at ${time(heard)}, with ${plural(known, "task instance")}.`
    : "";
  return (
    <Notice mood="bad">
      The designer cannot be reached; trying again.{since} What runs goes on without it.
    </Notice>
  );
}

const themes: { theme: Theme; icon: IconName; name: string }[] = [
  { theme: "system", icon: "system", name: "Colours as the system has them" },
  { theme: "light", icon: "sun", name: "Light colours" },
  { theme: "dark", icon: "moon", name: "Dark colours" },
];

function ThemeChoice() {
  const chosen = useTheme((state) => state.theme);
  return (
    <div className="row">
      {themes.map(({ theme, icon, name }) => (
        <Button
          key={theme}
          look={theme === chosen ? "normal" : "plain"}
          icon={icon}
          aria-label={name}
          aria-pressed={theme === chosen}
          onClick={() => setTheme(theme)}
        />
      ))}
    </div>
  );
}
