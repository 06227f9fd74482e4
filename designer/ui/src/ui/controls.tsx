// Buttons, fields and small marks.
import {
  type ButtonHTMLAttributes,
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  useId,
} from "react";
import type { InstanceStatus, ServiceState } from "@/api/types";
import css from "./controls.module.css";
import { Icon, type IconName } from "./icons";

export type Mood = "good" | "warn" | "bad" | "quiet";

type Look = "primary" | "danger" | "plain" | "normal";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: Look;
  icon?: IconName;
}

const classOf = (look: Look, square: boolean) =>
  [css.button, look === "normal" ? "" : css[look], square ? css.icon : ""].filter(Boolean).join(" ");

/** A button; with an icon and no text it needs `aria-label`. */
export function Button({ look = "normal", icon, children, className = "", ...rest }: ButtonProps) {
  const square = Boolean(icon) && !children;
  return (
    <button
      type="button"
      {...rest}
      title={square ? rest["aria-label"] : rest.title}
      className={`${classOf(look, square)} ${className}`}
    >
      {icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** A link that looks like a button. */
export function ButtonLink({
  href,
  look = "normal",
  icon,
  children,
}: {
  href: string;
  look?: Look;
  icon?: IconName;
  children: ReactNode;
}) {
  return (
    <a href={href} className={classOf(look, false)}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  );
}

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with it, if anything. */
  problem?: string;
}

interface Wiring {
  id: string;
  className: string | undefined;
  "aria-invalid": boolean;
  "aria-describedby": string | undefined;
}

/** A label with its control, hint and problem, wired for screen readers. */
export function Field({
  label,
  hint,
  problem,
  children,
}: FieldProps & { children: (wiring: Wiring) => ReactNode }) {
  const id = useId();
  const about = [hint ? `${id}-hint` : "", problem ? `${id}-problem` : ""].filter(Boolean).join(" ");
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {children({
        id,
        className: css.input,
        "aria-invalid": Boolean(problem),
        "aria-describedby": about || undefined,
      })}
      {hint && (
        <div className={css.hint} id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {problem && (
        <div className={css.problem} id={`${id}-problem`} role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  problem,
  ...input
}: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(wiring) => <input type="text" autoComplete="off" {...input} {...wiring} />}
    </Field>
  );
}

export function SelectField({
  label,
  hint,
  problem,
  children,
  ...select
}: FieldProps & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(wiring) => (
        <select {...select} {...wiring}>
          {children}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  hint,
  ...input
}: Omit<FieldProps, "problem"> & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId();
  return (
    <div className={css.check}>
      <input type="checkbox" id={id} aria-describedby={hint ? `${id}-hint` : undefined} {...input} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <div className={css.hint} id={`${id}-hint`}>
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}

export function Chip({ mood = "quiet", children }: { mood?: Mood; children: ReactNode }) {
  return <span className={`${css.chip} ${mood === "quiet" ? "" : css[mood]}`}>{children}</span>;
}

const moods: Record<string, Mood> = {
  running: "good",
  ready: "good",
  live: "good",
  enabled: "good",
  active: "good",
  scheduled: "warn",
  paused: "warn",
  silent: "warn",
  "not ready": "warn",
  standby: "quiet",
  failed: "bad",
  away: "bad",
  refused: "bad",
  left: "quiet",
  failing: "bad",
  lost: "bad",
};

export const moodOf = (state: InstanceStatus | ServiceState | string): Mood => moods[state] ?? "quiet";

export const StateChip = ({ state }: { state: string }) => <Chip mood={moodOf(state)}>{state}</Chip>;

/** Links to the parts of a page; `current` is the one shown. */
export function Tabs({
  label,
  tabs,
  current,
}: {
  label: string;
  tabs: { id: string; name: string; href: string }[];
  current: string;
}) {
  return (
    <nav className={css.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <a
          key={tab.id}
          href={tab.href}
          className={css.tab}
          aria-current={tab.id === current ? "page" : undefined}
        >
          {tab.name}
        </a>
      ))}
    </nav>
  );
}
