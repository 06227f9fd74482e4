// Dialogs, questions before something is lost, and short messages.
import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { create } from "zustand";
import { problemOf } from "@/api/http";
import { Button, type Mood } from "./controls";
import css from "./dialog.module.css";
import { Notice } from "./layout";

interface DialogProps {
  title: string;
  onClose: () => void;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

const FIELDS = ["input", "select", "textarea"]
  .map((field) => `${field}:not(:disabled, [readonly])`)
  .join(", ");

/** A modal dialog, open while it is shown. */
export function Dialog({ title, onClose, actions, wide, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element && !element.open) element.showModal();
    // Not the button that closes it, which comes first; a finger would only bring up the keyboard.
    if (matchMedia("(pointer: fine)").matches) element?.querySelector<HTMLElement>(FIELDS)?.focus();
    return () => {
      if (before instanceof HTMLElement && document.activeElement === document.body) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className={`${css.dialog} ${wide ? css.wide : ""}`}
      aria-labelledby={id}
      onClose={onClose}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={css.inner}>
        <div className={css.head}>
          <h2 id={id}>{title}</h2>
          <Button look="plain" icon="close" aria-label="Close" onClick={onClose} />
        </div>
        {children}
        {actions && <div className={css.actions}>{actions}</div>}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  /** What pressing the button does, as its label. */
  action: string;
  onClose: () => void;
  onConfirm: () => Promise<unknown>;
  children: ReactNode;
}

/** Asks before something is lost; a refusal is shown where it happened. */
export function Confirm({ title, action, onClose, onConfirm, children }: ConfirmProps) {
  const [state, setState] = useState<{ busy: boolean; problem?: string }>({ busy: false });
  const confirm = async () => {
    setState({ busy: true });
    try {
      await onConfirm();
      onClose();
    } catch (error) {
      setState({ busy: false, problem: problemOf(error) });
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button look="danger" disabled={state.busy} onClick={confirm}>
        {action}
      </Button>
    </>
  );
  return (
    <Dialog title={title} onClose={onClose} actions={actions}>
      <div>{children}</div>
      {state.problem && <Notice mood="bad">{state.problem}</Notice>}
    </Dialog>
  );
}

interface Toast {
  id: number;
  text: string;
  mood: Mood;
}

const SHOWN_MS = 6_000;
const MAX_TOASTS = 4;
let last = 0;
const useToasts = create<{ toasts: Toast[] }>(() => ({ toasts: [] }));

/** Says something for a few seconds. */
export function toast(text: string, mood: Mood = "good") {
  const id = ++last;
  useToasts.setState(({ toasts }) => ({ toasts: [...toasts, { id, text, mood }].slice(-MAX_TOASTS) }));
  setTimeout(() => {
    useToasts.setState(({ toasts }) => ({ toasts: toasts.filter((toast) => toast.id !== id) }));
  }, SHOWN_MS);
}

export function Toasts() {
  const toasts = useToasts((state) => state.toasts);
  return (
    <div className={css.toasts} aria-live="polite">
      {toasts.map((toast) => (
        <Notice key={toast.id} mood={toast.mood}>
          {toast.text}
        </Notice>
      ))}
    </div>
  );
}
