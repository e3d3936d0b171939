/** Of all times on this page: the schedule and the logs of the processes are in it, whatever the stores' zones. */
export const PIPELINE_ZONE = 'UTC'
