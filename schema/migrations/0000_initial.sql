CREATE TABLE `catalogue` (
	`id` integer PRIMARY KEY NOT NULL,
	`revision` integer NOT NULL,
	CONSTRAINT "catalogue_single_row" CHECK("catalogue"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE `coupons` (
	`event_id` text NOT NULL,
	`first_rank` integer NOT NULL,
	`kind` text NOT NULL,
	`value` integer NOT NULL,
	PRIMARY KEY(`event_id`, `first_rank`),
	FOREIGN KEY (`event_id`) REFERENCES `events`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `deciders` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`seen_at` integer NOT NULL,
	CONSTRAINT "deciders_single_row" CHECK("deciders"."id" = 1)
);
--> statement-breakpoint
CREATE TABLE `events` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`stock` integer NOT NULL,
	`code_key` blob NOT NULL,
	`time_zone` text NOT NULL,
	`window_length_ms` integer NOT NULL,
	`windows_per_day` integer NOT NULL,
	`paused` integer DEFAULT false NOT NULL,
	`ended` integer DEFAULT false NOT NULL,
	`created_at` integer NOT NULL,
	`revision` integer NOT NULL,
	CONSTRAINT "events_stock_not_negative" CHECK("events"."stock" >= 0)
);
--> statement-breakpoint
CREATE INDEX `events_revision` ON `events` (`revision`);--> statement-breakpoint
CREATE TABLE `fences` (
	`event_id` text PRIMARY KEY NOT NULL,
	`instance` text NOT NULL,
	FOREIGN KEY (`event_id`) REFERENCES `events`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `issuances` (
	`event_id` text NOT NULL,
	`rank` integer NOT NULL,
	`user_id` text NOT NULL,
	`code` text NOT NULL,
	`window_id` integer NOT NULL,
	`issued_at` integer NOT NULL,
	`status` text DEFAULT 'issued' NOT NULL,
	FOREIGN KEY (`event_id`) REFERENCES `events`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `issuances_event_rank` ON `issuances` (`event_id`,`rank`);--> statement-breakpoint
CREATE UNIQUE INDEX `issuances_event_user` ON `issuances` (`event_id`,`user_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `issuances_code` ON `issuances` (`code`);--> statement-breakpoint
CREATE TABLE `outbox` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`rows` text NOT NULL,
	`refused` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text,
	`name` text,
	`password_hash` text,
	`role` text DEFAULT 'member' NOT NULL,
	`active` integer DEFAULT true NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_email` ON `users` (`email`);--> statement-breakpoint
CREATE INDEX `users_inactive` ON `users` (`id`) WHERE "users"."active" = 0;--> statement-breakpoint
CREATE TABLE `windows` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`event_id` text NOT NULL,
	`opens_at` integer NOT NULL,
	`closes_at` integer NOT NULL,
	`quota` integer,
	FOREIGN KEY (`event_id`) REFERENCES `events`(`id`) ON UPDATE no action ON DELETE no action,
	CONSTRAINT "windows_not_empty" CHECK("windows"."opens_at" < "windows"."closes_at")
);
--> statement-breakpoint
CREATE UNIQUE INDEX `windows_event_opens` ON `windows` (`event_id`,`opens_at`);